/** A value as JSON.parse gives it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The one key of an object such as `{"match": …}`. */
export function keyOf(value: Json): string | undefined {
  const keys = isObject(value) ? Object.keys(value) : [];
  return keys.length === 1 ? keys[0] : undefined;
}

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{"match": {"op", "left", "right"}}`. */
export function matchParts(
  value: Json | undefined,
): { readonly op: string; readonly left: Json; readonly right: Json } | undefined {
  const match = isObject(value) ? value['match'] : undefined;
  if (!isObject(match)) return undefined;
  const { op, left = null, right = null, ...rest } = match;
  return typeof op === 'string' && Object.keys(rest).length === 0 ? { op, left, right } : undefined;
}

/** Equal but for the order of keys. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, at) => sameJson(each, b[at]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** A prefix or an address as text. */
export function textIn(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  const prefix = isObject(value) ? value['prefix'] : undefined;
  if (!isObject(prefix)) return undefined;
  const { addr, len } = prefix;
  return typeof addr === 'string' && typeof len === 'number' ? `${addr}/${len}` : undefined;
}

/** The bits by which something is masked: `{"&": [something, "255.255.255.0"]}`. */
export function numbersIn(value: Json, something: Json): string | undefined {
  const and = isObject(value) && keyOf(value) === '&' ? value['&'] : undefined;
  if (!Array.isArray(and)) return undefined;
  const [left, bits, ...rest] = and as readonly Json[];
  return rest.length === 0 && sameJson(left, something) && typeof bits === 'string' ? bits : undefined;
}
