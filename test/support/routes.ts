/** Every route of the API, as the tests of who may ask what go through them. */
import type { Scope } from '../../src/applications/api-key.js';

export const factor = '/v1/factors/fac_01h455vb4pex5vsknk084sn02q';
const hardwareToken = '/v1/hardware-tokens/hwt_01h455vb4pex5vsknk084sn02q';
const challenge = '/v1/challenges/chl_01h455vb4pex5vsknk084sn02q';
const session = '/v1/sessions/ses_01h455vb4pex5vsknk084sn02q';
const device = '/v1/devices/dev_01h455vb4pex5vsknk084sn02q';
const code = { code: '123456' };

/** Every route that asks who is calling, and the scopes that open it. */
export const routes: readonly [string, string, unknown, readonly Scope[]][] = [
  ['POST', '/v1/users/x/factors', { type: 'totp' }, ['enrol']],
  ['GET', '/v1/users/x/factors', undefined, ['enrol', 'verify']],
  ['GET', factor, undefined, ['enrol', 'verify']],
  ['GET', `${factor}/qr.svg`, undefined, ['enrol']],
  ['GET', `${factor}/qr.png`, undefined, ['enrol']],
  ['GET', `${factor}/qr.txt`, undefined, ['enrol']],
  ['POST', `${factor}/activate`, code, ['enrol']],
  ['POST', `${factor}/resync`, { codes: ['123456', '654321'] }, ['enrol', 'verify']],
  ['PATCH', factor, { name: 'x' }, ['enrol']],
  ['DELETE', factor, undefined, ['enrol']],
  ['POST', '/v1/users/x/verify', code, ['verify']],
  ['POST', '/v1/challenges', { phone: '+14155550123', type: 'phone' }, ['verify', 'login']],
  ['GET', challenge, undefined, ['verify', 'login', 'enrol']],
  ['POST', `${challenge}/resend`, undefined, ['verify', 'login', 'enrol']],
  ['POST', `${challenge}/verify`, code, ['verify', 'login']],
  ['DELETE', challenge, undefined, ['verify', 'login', 'enrol']],
  ['POST', '/v1/tokens', {}, ['verify', 'login', 'enrol', 'admin']],
  ['POST', '/v1/tokens/client', undefined, ['verify', 'enrol', 'admin', 'login']],
  ['POST', '/v1/tokens/refresh', { refresh_token: 'x' }, ['verify', 'login']],
  ['POST', '/v1/tokens/introspect', { token: 'x' }, ['verify', 'login', 'admin']],
  ['POST', '/v1/tokens/revoke', { token: 'x' }, ['verify', 'login', 'admin']],
  ['GET', '/v1/users/x/sessions', undefined, ['verify', 'admin']],
  ['DELETE', '/v1/users/x/sessions', undefined, ['verify', 'admin']],
  ['DELETE', session, undefined, ['verify', 'admin']],
  ['POST', '/v1/users/x/devices/check', { device_token: 'x' }, ['verify']],
  ['GET', '/v1/users/x/devices', undefined, ['verify', 'admin']],
  ['DELETE', '/v1/users/x/devices', undefined, ['verify', 'admin']],
  ['DELETE', device, undefined, ['verify', 'admin']],
  ['POST', '/v1/links', {}, ['verify', 'enrol']],
  ['POST', '/v1/links/exchange', { code: 'x' }, ['verify', 'enrol']],
  ['GET', '/v1/hardware-tokens', undefined, ['admin']],
  ['GET', hardwareToken, undefined, ['admin']],
  ['POST', `${hardwareToken}/return`, undefined, ['admin']],
  ['POST', `${hardwareToken}/lost`, undefined, ['admin']],
  ['DELETE', hardwareToken, undefined, ['admin']],
  ['POST', '/v1/tokens-import', { content: 'serial,key' }, ['admin']],
  ['GET', '/v1/audit', undefined, ['admin']],
];

/** Those that ask nobody who is calling. */
export const openRoutes = ['get /v1/forward-auth'];

/** A route of the table as the API's description names it. */
export function pathOf(method: string, path: string): string {
  return `${method.toLowerCase()} ${path}`
    .replace(/(fac|chl|ses|hwt|dev)_[0-9a-z]{26}/, '{id}')
    .replace('/users/x/', '/users/{user_id}/');
}
