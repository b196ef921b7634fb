import * as fc from 'fast-check';

/** What may stand in the way of anybody who reads a text: for YAML, for JSON, for a shell, for the kernel's tools. */
const PIECES: readonly string[] = [
  ['\n', '\r', '\r\n', '\t', '\0', '\x1b[31m', '\x7f', '\xe2\x80\xa8', '\xef\xbb\xbf', '\xff\xfe', '\xc3', '\xed\xa0'],
  ['"', "'", '\\', '`', '$(id)', ';', '|', '#', ': ', '- ', ',', '[', ']', '{', '}', '<<', '?', '%', '---\n', '!!x '],
  ['&a ', '*a', '&a [*a, *a]', '*', '+', '!', '--', '-j ACCEPT', '-j SEAWALL-PRE', '-F\n', 'COMMIT\n', '*filter\n'],
  ['__proto__', 'constructor', 'toString', 'null', 'true', 'NaN', '-1', '0', '1e309', '0x10', '4294967296'],
  ['99999999999999999999', '9'.repeat(400), '0.0.0.0/0', '0.0.0.0/1', '::/0', '010.0.0.1', '::ffff:1.2.3.4', '/0'],
  ['flush\n', 'destroy admins\n', 'add admins 192.0.2.9\n', 'create admins hash:net\n', 'x'.repeat(5000)],
  ['['.repeat(200), '{"a":'.repeat(200), '{a: '.repeat(60)],
].flat();

/** `at` and `other` are any natural numbers, `piece` one of those above. Texts are bytes here, as latin1. */
type Mutation = (text: string, at: number, other: number, piece: string) => string;

const inLines =
  (change: (lines: string[], at: number, other: number) => void): Mutation =>
  (text, at, other) => {
    const all = text.split('\n');
    change(all, at % all.length, other % all.length);
    return all.join('\n');
  };

const MUTATIONS: readonly Mutation[] = [
  // A bit that flipped on the disk.
  (text, at, other) => {
    const place = at % Math.max(text.length, 1);
    const flipped = String.fromCharCode((text.charCodeAt(place) || 0) ^ (1 << (other % 8)));
    return text.slice(0, place) + flipped + text.slice(place + 1);
  },
  (text, at) => text.slice(0, at % (text.length + 1)),
  (text, at, _other, piece) => text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)),
  (text, at, other, piece) =>
    text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + (other % 9)),
  // A number, and a word, become another.
  (text, at, _other, piece) => nth(text, /\d+/g, at, piece),
  (text, at, _other, piece) => nth(text, /[\w.:/-]+/g, at, piece),
  inLines((all, at) => all.splice(at, 1)),
  inLines((all, at, other) => all.splice(other, 0, all[at] ?? '')),
  inLines((all, at, other) => ([all[at], all[other]] = [all[other] ?? '', all[at] ?? ''])),
  inLines((all, at) => (all[at] = (all[at] ?? '').repeat(50))),
];

/** The text with the nth of what the pattern finds replaced. */
function nth(text: string, pattern: RegExp, at: number, piece: string): string {
  const found = [...text.matchAll(pattern)];
  const chosen = found[at % Math.max(found.length, 1)];
  return chosen ? text.slice(0, chosen.index) + piece + text.slice(chosen.index + chosen[0].length) : text + piece;
}

/** What happens to a file between two runs: nothing that it may not survive. */
export type Damage = (content: Uint8Array | string) => Buffer;

const one = fc.tuple(
  fc.constantFrom(...MUTATIONS),
  fc.nat(),
  fc.nat(),
  fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 4 }).map(latin1Of)),
);

/** One to four mutations, one after the other; sometimes nothing is left but garbage. */
export const damageArb: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.array(one, { minLength: 1, maxLength: 4 }).map(
      (all): Damage =>
        (content) =>
          Buffer.from(
            all.reduce(
              (text, [mutate, at, other, piece]) => mutate(text, at, other, piece).slice(0, LONGEST),
              Buffer.from(content).toString('latin1'),
            ),
            'latin1',
          ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map(
      (bytes): Damage =>
        () =>
          Buffer.from(bytes),
    ),
  },
);

/** Damage upon damage must not fill the memory. */
const LONGEST = 300_000;

function latin1Of(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** A text that was damaged, as a program reads it: bytes that are no UTF-8 have become U+FFFD. */
export const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, damageArb).map(([whole, damage]) => damage(whole).toString());

const ODD: readonly unknown[] = [
  [null, true, 0, -1, 1.5, 1e308, '', ' ', '\n', 'lo', 'eth0', 'eth*', '+', '*', 'br-+', 'br-lan', 'eth0 -j ACCEPT'],
  ['\ud800', '"', "'", '\\', '../..', '0.0.0.0', '0.0.0.0/0', '::', '127.0.0.1', 'x'.repeat(5000), [], {}, [[]]],
  [[null], JSON.parse('{"__proto__": {"Driver": "bridge"}}'), { toString: 1 }, { constructor: null, length: 3 }],
].flat();

/** A JSON value with some of its parts replaced, left out or doubled. */
export const oddityArb: fc.Arbitrary<(value: unknown) => unknown> = fc
  .array(fc.tuple(fc.nat(), fc.constantFrom('put', 'put', 'put', 'drop', 'double'), fc.constantFrom(...ODD)), {
    maxLength: 4,
  })
  .map((changes) => (value) => {
    const root = { value: structuredClone(value) };
    for (const [at, how, odd] of changes) changeAt(root, at, how, structuredClone(odd));
    return root.value;
  });

function changeAt(root: object, at: number, how: string, odd: unknown): void {
  const places = placesIn(root);
  const [holder, key] = places[at % places.length] ?? [root, 'value'];
  if (how === 'drop') Reflect.deleteProperty(holder, key);
  else if (how === 'double' && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
  else Object.defineProperty(holder, key, { value: odd, enumerable: true, writable: true, configurable: true });
}

/** Every place of a value, the deep ones too. */
function placesIn(value: unknown): [holder: object, key: string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [object, string][] => [
    ...(Array.isArray(value) && key === 'length' ? [] : [[value, key] as [object, string]]),
    ...placesIn(inner),
  ]);
}
