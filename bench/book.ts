/** Where the stages write their figures down. */
import { median, type Row } from './table.js';

export class Book {
  private readonly rows = new Map<string, Row>();

  /** @returns the value, for who goes on with it */
  note(name: string, unit: string, value: number): number {
    const row = this.rows.get(name) ?? { name, unit, values: [] };
    row.values.push(value);
    this.rows.set(name, row);
    return value;
  }

  /** The median of what was noted under a name. */
  middle(name: string): number {
    return median(this.rows.get(name)?.values ?? []);
  }

  get all(): Row[] {
    return [...this.rows.values()];
  }
}
