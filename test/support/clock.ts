import { Clock } from '../../src/clock.js';

/** A clock that a test moves. It starts in the middle of a 30 s step, so that nothing is at an edge. */
export class TestClock extends Clock {
  private moment = Date.UTC(2030, 0, 1, 12, 0, 15);

  override now(): Date {
    return new Date(this.moment);
  }

  /** Moves by seconds, forward or back. */
  advance(seconds: number): void {
    this.moment += seconds * 1000;
  }
}
