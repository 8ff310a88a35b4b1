import { z } from 'zod';
import type { Device } from './device.js';
import type { Recognised } from './recognising.js';

const deviceToken = z.string().min(1).max(512);

/** How a proof has to do with remembered devices. */
export const deviceRequest = {
  remember_device: z.boolean().optional().meta({
    description:
      'Remember the device that the proof was made on: answers with `device`, where the application’s policy is on.',
  }),
  device_token: deviceToken.optional().meta({
    description:
      'The token of a device that is remembered. It has attempts of its own, so that nobody else’s wrong codes keep its user out; answers with its next token as `device`.',
  }),
};

export const checkBody = z.strictObject({ device_token: deviceToken }).meta({
  id: 'DeviceCheckRequest',
});

const factor = z.object({ id: z.string(), type: z.string() });
const provedAt = z.iso.datetime().meta({
  description: 'When a factor was proved on it. It is no proof of now.',
});

export const checked = z
  .object({
    device: z.object({
      id: z.string(),
      token: z.string().meta({ description: 'Good once: each use answers with the next.' }),
      expires_at: z.iso.datetime().meta({ description: 'Its end, whatever happens.' }),
    }),
    user_id: z.string(),
    factor,
    proved_at: provedAt,
  })
  .meta({ id: 'DeviceCheck' });

export const device = z
  .object({
    id: z.string(),
    user_id: z.string(),
    application_id: z.string(),
    factor,
    proved_at: provedAt,
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'Device' });

export const deviceList = z.object({ data: z.array(device) }).meta({ id: 'DeviceList' });

export function checkedView({ device: shown, token }: Recognised): z.output<typeof checked> {
  return {
    device: { id: shown.id, token, expires_at: shown.endsAt.toISOString() },
    user_id: shown.userId,
    factor: { ...shown.factor },
    proved_at: shown.provedAt.toISOString(),
  };
}

/** A device as the API shows it. */
export function deviceView(shown: Device): z.output<typeof device> {
  return {
    id: shown.id,
    user_id: shown.userId,
    application_id: shown.applicationId,
    factor: { ...shown.factor },
    proved_at: shown.provedAt.toISOString(),
    last_used_at: shown.lastUsedAt.toISOString(),
    expires_at: shown.endsAt.toISOString(),
  };
}
