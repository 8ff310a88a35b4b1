/** The time of the machine; a test hands its own to the verifier instead. */
export function wallClock(): Date {
  return new Date();
}
