import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** How long a made-up list's prefixes are: all /32, or as in the lists that people load. */
export type Shape = 'single' | 'mixed';

/**
 * Of each prefix length the share in thousandths, taken from lists of countries and of attackers: most are /24 or single
 * addresses, the rest lies around them.
 */
const MIXED: readonly (readonly [length: number, thousandths: number])[] = [
  [22, 110],
  [23, 90],
  [24, 400],
  [25, 20],
  [26, 20],
  [27, 20],
  [28, 20],
  [29, 20],
  [30, 10],
  [32, 290],
];

/** First octets of addresses that hosts on the internet have; every slot of 2^11 addresses has one prefix at most. */
const OCTETS = Array.from({ length: 223 }, (_, index) => index + 1).filter((octet) => octet !== 10 && octet !== 127);
const SLOT_BITS = 11;
const SLOTS_OF_OCTET = 2 ** (24 - SLOT_BITS);

/**
 * Made-up IPv4 prefixes in random order, no two of which touch, so that nothing merges: what is asked for is what stands
 * in the kernel. The same call gives the same list.
 */
export function* prefixes(shape: Shape, count: number): Generator<string> {
  const random = randomFrom(count);
  for (const index of shuffled(count, random)) {
    const slot = Math.floor((index * OCTETS.length * SLOTS_OF_OCTET) / count);
    const octet = OCTETS[Math.floor(slot / SLOTS_OF_OCTET)] ?? 1;
    const length = shape === 'single' ? 32 : lengthOf(random() * 1000);
    const size = 2 ** (32 - length);
    const offset = Math.floor((random() * 2 ** SLOT_BITS) / (2 * size)) * 2 * size;
    const start = octet * 2 ** 24 + (slot % SLOTS_OF_OCTET) * 2 ** SLOT_BITS + offset;
    yield length === 32 ? dotted(start) : `${dotted(start)}/${length}`;
  }
}

function shuffled(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}

/** Writes lines to a file, a million in a second. */
export async function writeLines(file: string, lines: Iterable<string>, head = '', before = ''): Promise<void> {
  const stream = createWriteStream(file);
  let chunk = head;
  for (const line of lines) {
    chunk += `${before}${line}\n`;
    if (chunk.length < 1 << 20) continue;
    stream.write(chunk);
    chunk = '';
  }
  stream.end(chunk);
  await finished(stream);
}

export const dotted = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;

function lengthOf(thousandth: number): number {
  let left = thousandth;
  for (const [length, share] of MIXED) {
    left -= share;
    if (left < 0) return length;
  }
  return 32;
}

/** Numbers from 0 up to 1 that look random and are the same in every run (xorshift, Marsaglia 2003). */
export function randomFrom(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
