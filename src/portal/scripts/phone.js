// A number in groups while it is typed, as its country writes mobile numbers; the service takes any spelling.
'use strict';
{
  const country = document.querySelector('#country');
  const field = document.querySelector('#number');
  const groups = new Map(
    country.dataset.groups.split(' ').map((entry) => [entry.slice(0, 2), [...entry.slice(2)]]),
  );

  // With a calling code the number names its country itself, where that is the code's only one.
  const follow = (digits) => {
    const codeOf = (option) => option.textContent.match(/\+(\d+)/)[1];
    const named = [...country.options].filter((option) => digits.startsWith(codeOf(option)));
    if (named.length === 1) country.value = named[0].value;
  };

  const arrange = () => {
    const typed = field.value;
    const digits = typed.replace(/\D/g, '');
    if (/^\s*\+/.test(typed)) return follow(digits);
    // Another script's digits, or a calling code after 00, stay as they are.
    if (/[^\d\s().\-/]/.test(typed) || digits.startsWith('00')) return;
    const trunk = digits.startsWith('0') ? '0' : '';
    let rest = digits.slice(trunk.length);
    const parts = [];
    for (const size of groups.get(country.value) ?? []) {
      if (rest === '') break;
      parts.push(rest.slice(0, size));
      rest = rest.slice(size);
    }
    field.value = `${trunk}${parts.join(' ')}${rest}`;
  };

  field.addEventListener('input', ({ inputType = '' }) => {
    // Whoever corrects something in the middle is left alone.
    const isAtEnd = field.selectionStart === field.value.length;
    if (isAtEnd && !inputType.startsWith('delete')) arrange();
  });
  country.addEventListener('change', arrange);
}
