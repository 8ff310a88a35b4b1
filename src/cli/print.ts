/**
 * Prints what an operation gave: a table for a list, `name  value` lines for one thing, or JSON.
 */
export function print(result: unknown, asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(result, null, 2)}\n` : readable(result));
}

function readable(result: unknown): string {
  if (Array.isArray(result)) return table(result.map((row) => flat(row)));
  const lines = Object.entries(flat(result));
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

function table(rows: Record<string, string>[]): string {
  if (rows.length === 0) return 'There are none.\n';
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Nested members become `outer.inner`; control characters, which a terminal would obey, are shown. */
function flat(value: unknown, prefix = ''): Record<string, string> {
  if (Array.isArray(value)) return { [prefix]: visible(value.join(', ')) };
  if (value === null || value === undefined) return { [prefix]: '' };
  if (typeof value === 'string') return { [prefix]: visible(value) };
  if (typeof value !== 'object') return { [prefix]: JSON.stringify(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, member]) =>
      flat(member, prefix ? `${prefix}.${name}` : name),
    ),
  ) as Record<string, string>;
}

function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
