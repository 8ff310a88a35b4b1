/** Figures of several rounds: their median, and how far they lay apart. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly values: number[];
}

/** The rows of a table for people. */
export function printed(rows: readonly Row[]): string {
  const lines = rows.map(({ name, unit, values }) => {
    const spread = `${round(Math.min(...values))} to ${round(Math.max(...values))}`;
    return [name, round(median(values)), unit, values.length > 1 ? spread : ''];
  });
  const all = [['what', 'median', 'unit', 'spread'], ...lines];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((line) => String(line[column]).length)),
  );
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
