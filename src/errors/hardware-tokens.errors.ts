import type { ErrorEntry } from './entry.js';

/** Hardware tokens: in the inventory, and in somebody's hands. */
export const hardwareTokenErrors = {
  hardware_token_unavailable: {
    status: 409,
    title: 'No token of this serial is in stock',
    detail:
      'Check the serial on its back. One that somebody has, or had, an operator puts back: watchword tokens return.',
  },
  hardware_token_in_use: {
    status: 409,
    title: 'Somebody has this token',
    detail: 'Put it back first, which revokes its factor: POST /v1/hardware-tokens/{id}/return.',
  },
  factor_not_resyncable: {
    status: 409,
    title: 'This factor cannot go astray',
    detail: 'Only hardware tokens do. For an authenticator app, have the phone set its clock.',
  },
} as const satisfies Record<string, ErrorEntry>;
