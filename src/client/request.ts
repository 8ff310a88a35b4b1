export type Fields = Readonly<Record<string, unknown>>;

export interface Prepared {
  readonly url: string;
  /** JSON, where the method has a body. */
  readonly body: string | undefined;
}

/**
 * Puts what an operation takes where it belongs: into the path, and the rest into the query of a GET or
 * DELETE and the JSON body of anything else.
 *
 * @param base the address of the service, without a slash at its end
 * @param template a path as the OpenAPI document has it
 * @throws TypeError where a part of the path cannot be sent
 */
export function prepare(base: string, method: string, template: string, fields: Fields): Prepared {
  const names = new Set<string>();
  const path = template.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    names.add(name);
    return segment(name, fields[name]);
  });
  const rest = Object.entries(fields).filter(
    ([name, value]) => !names.has(name) && value !== undefined,
  );
  if (method !== 'GET' && method !== 'DELETE')
    return { url: base + path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(
    rest.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return { url: base + path + (query && `?${query}`), body: undefined };
}

/**
 * One part of a path. A user id comes from somewhere, and must not change whose path it is: `.` and `..`
 * are taken out of an address by whoever reads it (WHATWG URL), even percent-encoded.
 */
function segment(name: string, value: unknown): string {
  const isSendable =
    typeof value === 'string' && !['', '.', '..'].includes(value) && value.isWellFormed();
  if (!isSendable) throw new TypeError(`"${name}" must be a text, not empty, "." or ".."`);
  return encodeURIComponent(value);
}
