/** What nft prints is taken as it comes: nothing about its shape is believed. */
export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

export const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textOf = (value: Json): string | undefined => (typeof value === 'string' ? value : undefined);

export const objectOf = (value: Json): JsonObject => (isObject(value) ? value : {});

/** One value stands alone where several would be a list. */
export const listOf = (value: Json): readonly Json[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** nft's objects have one key, which says what they are. */
export function onlyKey(value: Json): readonly [key: string, inner: Json] | undefined {
  if (!isObject(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  return more.length === 0 ? entry : undefined;
}
