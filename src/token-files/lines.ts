export interface Line {
  /** From 1. */
  readonly line: number;
  /** Without the space around it. */
  readonly content: string;
}

/** The lines of a text, without empty ones and those that begin with `#`. */
export function* linesOf(text: string): Iterable<Line> {
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    // The byte order mark counts as space here.
    const content = raw.trim();
    if (content !== '' && !content.startsWith('#')) yield { line, content };
  }
}
