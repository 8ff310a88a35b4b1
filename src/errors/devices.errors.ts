import type { ErrorEntry } from './entry.js';

/** Devices that are remembered. */
export const deviceErrors = {
  device_unknown: {
    status: 422,
    title: 'This device is not remembered',
    detail:
      'Throw its token away and ask for a factor. Reasons are alike: it was never remembered for this user here, or is not any more.',
  },
} as const satisfies Record<string, ErrorEntry>;
