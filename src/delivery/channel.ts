/** How a phone gets its code. */
export const channels = ['sms', 'voice', 'whatsapp'] as const;
export type Channel = (typeof channels)[number];
