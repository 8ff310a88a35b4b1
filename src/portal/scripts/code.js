// The field of a code: sent by itself with the last digit, filled in from the message where the browser can.
'use strict';
{
  const field = document.querySelector('#code');
  if (field !== null) {
    const wanted = Number(field.dataset.digits);
    const button = field.form.querySelector('button');
    const filling = new AbortController();
    let sent = '';

    const send = () => {
      const digits = field.value.normalize('NFKC').replace(/\D/g, '');
      // Once each: whoever corrects a code sends it by hand.
      if (button.disabled || !(wanted > 0) || digits.length !== wanted || digits === sent) return;
      sent = digits;
      field.form.requestSubmit();
    };
    field.addEventListener('input', (event) => {
      if (event.inputType?.startsWith('delete') !== true) send();
    });
    field.form.addEventListener('submit', () => filling.abort());
    // Typed before this script was here. After a reload, or the way back, a browser may put an old code there.
    if (performance.getEntriesByType('navigation')[0]?.type === 'navigate') send();

    // WebOTP: the browser asks, and reads a message that is bound to this host.
    if (field.dataset.otp === 'sms' && 'OTPCredential' in window)
      navigator.credentials.get({ otp: { transport: ['sms'] }, signal: filling.signal }).then(
        ({ code }) => {
          field.value = code;
          send();
        },
        () => undefined,
      );

    // A message that cannot be delivered is told as soon as it is known; typing is not disturbed.
    const watch = async ([seconds, ...later]) => {
      if (seconds === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const answer = await fetch(field.dataset.delivery).then(
        (response) => (response.ok ? response.json() : {}),
        () => ({}),
      );
      if (answer.failed !== true) return watch(later);
      if (field.value === '') location.reload();
    };
    if (field.dataset.delivery !== undefined) watch([2, 3, 5, 10, 20]);
  }
}
