import type { WriteStream } from 'node:tty';
import { Presets, SingleBar } from 'cli-progress';

/** How far a long command is. */
export interface Progress {
  /** So much more is done. */
  advance(count: number): void;
  stop(): void;
}

/** Lines that a log gets, from nothing done to all. */
const LINES = 10;

/**
 * Shows progress: a bar on a terminal, which is drawn over itself, and elsewhere a line for each tenth.
 *
 * @param total how much there is to do, at least 1
 */
export function showProgress(
  stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean },
  what: string,
  total: number,
): Progress {
  if (stream.isTTY === true) return bar(stream as WriteStream, what, total);
  let done = 0;
  return {
    advance(count) {
      const before = Math.floor((done / total) * LINES);
      done += count;
      if (Math.floor((done / total) * LINES) > before)
        stream.write(`${what}: ${done} of ${total}\n`);
    },
    stop: () => undefined,
  };
}

function bar(stream: WriteStream, what: string, total: number): Progress {
  const format = `${what} {bar} {percentage} %, {value} of {total}, {eta_formatted} left`;
  const drawn = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
  drawn.start(total, 0);
  return {
    advance: (count) => {
      drawn.increment(count);
    },
    stop: () => {
      drawn.stop();
    },
  };
}
