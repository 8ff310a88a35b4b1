/** What the table says of an error. */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}
