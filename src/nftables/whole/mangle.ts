import type { Condition } from '../../ruleset/condition.ts';
import type { PacketChange } from '../../ruleset/netfilter.ts';
import { fieldOf, needsOf } from './fields.ts';
import { objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';

const ALL_BITS = 0xffff_ffff;

/** What `X set Y` changes, as far as it matters here; `rewrites` where it is an address or a port. */
export function readMangle({ key, value }: JsonObject): PacketChange | 'rewrites' | undefined {
  const [kind, inner] = onlyKey(key) ?? [''];
  const name = textOf(objectOf(inner)['key']) ?? '';
  if ((kind === 'meta' || kind === 'ct') && name === 'mark') return markChange(kind, value);
  const field = textOf(objectOf(inner)['field']) ?? '';
  if (kind === 'payload') return HARMLESS.has(field) ? undefined : 'rewrites';
  return undefined;
}

/** A value that isn't there, or that a map doesn't have, ends the rule: what a packet needs to have it, if that can be said. */
export function valueNeeds(
  value: Json,
  text: string,
): { readonly needs: readonly Condition[]; readonly mayEnd: boolean } {
  const [kind, inner] = onlyKey(value) ?? [''];
  if (kind === '') return { needs: [], mayEnd: false };
  const field = fieldOf(value);
  if (kind === 'meta' || (kind === 'ct' && field.kind !== 'other'))
    return { needs: needsOf(field, text), mayEnd: false };
  if (!OPERATORS.has(kind) || !Array.isArray(inner)) return { needs: [], mayEnd: true };
  const parts = inner.map((part) => valueNeeds(part, text));
  return { needs: parts.flatMap(({ needs }) => needs), mayEnd: parts.some(({ mayEnd }) => mayEnd) };
}

const OPERATORS = new Set(['&', '|', '^', '<<', '>>']);

const HARMLESS = new Set(['dscp', 'ttl', 'hoplimit', 'ecn', 'id', 'checksum', 'flowlabel', 'length']);

function markChange(kind: 'meta' | 'ct', value: Json): PacketChange {
  const of = kind === 'meta' ? 'packet' : 'connection';
  const bits = bitsOf(kind, value);
  return bits
    ? { kind: 'mark', of, value: bits.flipped, mask: unsigned(~bits.kept) }
    : { kind: 'mark', of, mask: ALL_BITS };
}

/** The new mark is `(mark & kept) ^ flipped`. */
interface Bits {
  readonly kept: number;
  readonly flipped: number;
}

const unsigned = (bits: number): number => bits >>> 0;

function bitsOf(kind: 'meta' | 'ct', value: Json): Bits | undefined {
  if (typeof value === 'number') return { kept: 0, flipped: unsigned(value) };
  const [operation, inner] = onlyKey(value) ?? [''];
  if (operation === kind) return objectOf(inner)['key'] === 'mark' ? { kept: ALL_BITS, flipped: 0 } : undefined;
  if (!Array.isArray(inner) || inner.length !== 2 || typeof inner[1] !== 'number') return undefined;
  const before = bitsOf(kind, inner[0]);
  return before && combined(operation, before, unsigned(inner[1]));
}

function combined(operation: string, { kept, flipped }: Bits, bits: number): Bits | undefined {
  if (operation === '&') return { kept: unsigned(kept & bits), flipped: unsigned(flipped & bits) };
  if (operation === '|') return { kept: unsigned(kept & ~bits), flipped: unsigned((flipped & ~bits) | bits) };
  return operation === '^' ? { kept, flipped: unsigned(flipped ^ bits) } : undefined;
}
