/**
 * Forms, as the OAuth libraries of all languages send them (RFC 6749 appendix B). Taken by the routes alone
 * that say so (input.ts), and with the members alone that those name: any other is ignored (section 3.2).
 */
import { isUtf8 } from 'node:buffer';
import { WatchwordError } from '../errors.js';

/**
 * Reads a form.
 *
 * @returns the named members it has a value for: one without is as good as none (section 3.2)
 * @throws WatchwordError `invalid_request` for a member that comes twice: of two readers each might take
 *   another one
 */
export function parseForm(body: Buffer, names: readonly string[]): Record<string, string> {
  if (!isUtf8(body)) throw unreadable('the form is not UTF-8');
  const values = new URLSearchParams(body.toString());
  const form: Record<string, string> = {};
  for (const name of names) {
    const [value, ...others] = values.getAll(name);
    if (others.length > 0) throw unreadable('comes more than once', name);
    if (value !== undefined && value !== '') form[name] = value;
  }
  return form;
}

function unreadable(message: string, path = ''): WatchwordError {
  return new WatchwordError('invalid_request', { errors: [{ path, message }] });
}
