import { addressBits } from './family.ts';
import { zeroRun } from './ipv6-text.ts';
import type { PrefixColumns } from './prefix-columns.ts';

const CHUNK = 256 * 1024;
/** The longest text of a prefix: eight groups of four digits, seven colons and `/128`. */
const LONGEST_PREFIX = 43;
const [DOT, SLASH, ZERO, COLON] = [46, 47, 48, 58];
const HEX = new TextEncoder().encode('0123456789abcdef');

/**
 * Writes digits straight into byte chunks: a string per line would cost several times as much for long sets.
 * `addresses`: without the lengths.
 */
export function* writeLines(
  columns: PrefixColumns,
  head: string,
  tail: string,
  as: 'prefixes' | 'addresses' = 'prefixes',
): Generator<Uint8Array> {
  const write = as === 'prefixes' ? writePrefix : writeAddress;
  const encoder = new TextEncoder();
  const before = encoder.encode(head);
  const after = encoder.encode(`${tail}\n`);
  const longest = before.length + LONGEST_PREFIX + after.length;
  for (let index = 0; index < columns.size;) {
    const chunk = new Uint8Array(Math.max(CHUNK, longest));
    let at = 0;
    for (; index < columns.size && at + longest <= chunk.length; index++) {
      at = copy(chunk, at, before);
      at = write(chunk, at, columns, index);
      at = copy(chunk, at, after);
    }
    yield chunk.subarray(0, at);
  }
}

function copy(chunk: Uint8Array, from: number, bytes: Uint8Array): number {
  let at = from;
  for (let index = 0; index < bytes.length; index++) chunk[at++] = bytes[index] ?? 0;
  return at;
}

function writePrefix(chunk: Uint8Array, from: number, columns: PrefixColumns, index: number): number {
  const length = columns.lengths[index] ?? 0;
  const at = writeAddress(chunk, from, columns, index);
  if (length === addressBits(columns.family)) return at;
  chunk[at] = SLASH;
  return writeDecimal(chunk, at + 1, length);
}

const writeAddress = (chunk: Uint8Array, from: number, columns: PrefixColumns, index: number): number =>
  columns.family === 4 ? writeV4(chunk, from, columns.words[index] ?? 0) : writeV6(chunk, from, columns, index);

function writeV4(chunk: Uint8Array, from: number, value: number): number {
  let at = writeDecimal(chunk, from, value >>> 24);
  chunk[at] = DOT;
  at = writeDecimal(chunk, at + 1, (value >>> 16) & 255);
  chunk[at] = DOT;
  at = writeDecimal(chunk, at + 1, (value >>> 8) & 255);
  chunk[at] = DOT;
  return writeDecimal(chunk, at + 1, value & 255);
}

/** Of a number below 1000. */
function writeDecimal(chunk: Uint8Array, from: number, value: number): number {
  let at = from;
  if (value >= 100) chunk[at++] = ZERO + ((value / 100) | 0);
  if (value >= 10) chunk[at++] = ZERO + (((value / 10) | 0) % 10);
  chunk[at++] = ZERO + (value % 10);
  return at;
}

/** Of the address being written; one for all, for a generator writes a line without a pause. */
const groups = new Uint16Array(8);

function writeV6(chunk: Uint8Array, from: number, columns: PrefixColumns, index: number): number {
  for (let group = 0; group < 8; group++) {
    groups[group] = (columns.words[4 * index + (group >> 1)] ?? 0) >>> (group % 2 === 0 ? 16 : 0);
  }
  const [start, length] = zeroRun(groups);
  const at = writeGroups(chunk, from, 0, start);
  if (length === 0) return at;
  chunk[at] = COLON;
  chunk[at + 1] = COLON;
  return writeGroups(chunk, at + 2, start + length, 8);
}

/** The groups from `first` up to `end`, joined by colons. */
function writeGroups(chunk: Uint8Array, from: number, first: number, end: number): number {
  let at = from;
  for (let group = first; group < end; group++) {
    if (group > first) chunk[at++] = COLON;
    at = writeHex(chunk, at, groups[group] ?? 0);
  }
  return at;
}

function writeHex(chunk: Uint8Array, from: number, group: number): number {
  let at = from;
  for (let shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0; shift >= 0; shift -= 4) {
    chunk[at++] = HEX[(group >>> shift) & 15] ?? 0;
  }
  return at;
}
