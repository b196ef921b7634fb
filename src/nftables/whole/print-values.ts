import { isObject, listOf, objectOf, onlyKey, textOf, type Json } from './json.ts';

/** A value in nft's words. What has no words here is shown as JSON. */
export function printValue(value: Json): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'exists' : 'missing';
  if (Array.isArray(value)) return value.map(printValue).join(',');
  const [kind, inner] = onlyKey(value) ?? [''];
  return PRINTERS.get(kind)?.(inner) ?? JSON.stringify(value) ?? '';
}

const joined =
  (between: string) =>
  (inner: Json): string =>
    listOf(inner).map(printValue).join(between);

const PRINTERS: ReadonlyMap<string, (inner: Json) => string> = new Map([
  ['range', joined('-')],
  ['concat', joined(' . ')],
  ['|', joined(' | ')],
  ['&', printMask],
  ['^', joined(' ^ ')],
  ['set', (inner: Json) => `{ ${listOf(inner).map(printElement).join(', ')} }`],
  ['prefix', (inner: Json) => `${printValue(objectOf(inner)['addr'])}/${printValue(objectOf(inner)['len'])}`],
  ['elem', (inner: Json) => printValue(objectOf(inner)['val'])],
  ['payload', printPayload],
  ['meta', printMeta],
  ['ct', printCt],
  ['fib', printFib],
  ['rt', (inner: Json) => `rt ${printValue(objectOf(inner)['key'])}`],
  ['socket', (inner: Json) => `socket ${printValue(objectOf(inner)['key'])}`],
  ['exthdr', (inner: Json) => `exthdr ${fieldWords(inner, 'name', 'field')}`],
  ['tcp option', (inner: Json) => `tcp option ${fieldWords(inner, 'name', 'field')}`],
  ['map', (inner: Json) => `${printValue(objectOf(inner)['key'])} map ${printValue(objectOf(inner)['data'])}`],
  ['numgen', (inner: Json) => `numgen ${fieldWords(inner, 'mode')} mod ${printValue(objectOf(inner)['mod'])}`],
]);

/** Several flags of a mask stand in parentheses. */
function printMask(inner: Json): string {
  const parts = listOf(inner).map((part) =>
    Array.isArray(part) ? `(${part.map(printValue).join(' | ')})` : printValue(part),
  );
  return parts.join(' & ');
}

/** An element of a map is a pair. */
function printElement(element: Json): string {
  if (!Array.isArray(element)) return printValue(element);
  return `${printValue(element[0])} : ${printVerdict(element[1])}`;
}

export function printVerdict(verdict: Json): string {
  const [kind, inner] = onlyKey(verdict) ?? [''];
  if (inner === null) return kind;
  return isObject(inner) && 'target' in inner ? `${kind} ${printValue(inner['target'])}` : printValue(verdict);
}

const fieldWords = (inner: Json, ...keys: string[]): string =>
  keys
    .map((key) => textOf(objectOf(inner)[key]))
    .filter(Boolean)
    .join(' ');

function printPayload(inner: Json): string {
  const { protocol, base, offset, len } = objectOf(inner);
  return protocol === undefined
    ? `@${[base, offset, len].map(printValue).join(',')}`
    : fieldWords(inner, 'protocol', 'field');
}

/** These are said without `meta`. */
const BARE_META = /^[io]if(?:name|group|type)?$/;

function printMeta(inner: Json): string {
  const key = fieldWords(inner, 'key');
  return BARE_META.test(key) ? key : `meta ${key}`;
}

function printCt(inner: Json): string {
  return `ct ${fieldWords(inner, 'dir', 'family', 'key')}`;
}

function printFib(inner: Json): string {
  const { flags } = objectOf(inner);
  return `fib ${listOf(flags).map(printValue).join(' . ')} ${fieldWords(inner, 'result')}`;
}
