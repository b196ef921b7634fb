import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  formatPortRange,
  parsePortRange,
  PortSet,
  PROTOCOLS,
  type PortFault,
  type PortRange,
} from '../../../src/net/port.ts';

const accepted: readonly [text: string, range: PortRange, canonical: string][] = [
  ['22/tcp', { protocol: 'tcp', first: 22, last: 22 }, '22/tcp'],
  ['443/udp', { protocol: 'udp', first: 443, last: 443 }, '443/udp'],
  ['8000-8010/tcp', { protocol: 'tcp', first: 8000, last: 8010 }, '8000-8010/tcp'],
  ['80-80/tcp', { protocol: 'tcp', first: 80, last: 80 }, '80/tcp'],
  ['1-65535/udp', { protocol: 'udp', first: 1, last: 65_535 }, '1-65535/udp'],
];

const refused: readonly [text: string, fault: PortFault, hint?: string][] = [
  ['', 'not-a-port'],
  ['/tcp', 'not-a-port'],
  ['ssh/tcp', 'not-a-port'],
  ['-/tcp', 'not-a-port'],
  ['-22/tcp', 'not-a-port'],
  ['22-/tcp', 'not-a-port'],
  ['1-2-3/tcp', 'not-a-port'],
  ['22/tcp/udp', 'not-a-port'],
  ['0x16/tcp', 'not-a-port'],
  ['２２/tcp', 'not-a-port'],
  ['tcp/udp', 'not-a-port'],
  ['tcp/22', 'not-a-port', '22/tcp'],
  ['80:90/tcp', 'not-a-port', '80-90/tcp'],
  ['80:90', 'not-a-port', '80-90/tcp'],
  ['22 /tcp', 'not-a-port', '22/tcp'],
  ['22', 'no-protocol', '22/tcp'],
  ['8000-8010', 'no-protocol', '8000-8010/tcp'],
  ['0', 'no-protocol'],
  ['22/', 'unknown-protocol'],
  ['22/sctp', 'unknown-protocol'],
  ['22/TCP', 'unknown-protocol', '22/tcp'],
  ['22/tcp ', 'unknown-protocol', '22/tcp'],
  ['0/tcp', 'port-range'],
  ['0-22/tcp', 'port-range'],
  ['65536/tcp', 'port-range'],
  ['70000/tcp', 'port-range'],
  [`${'9'.repeat(400)}/tcp`, 'port-range'],
  ['9-8/tcp', 'backwards', '8-9/tcp'],
  ['022/tcp', 'leading-zero', '22/tcp'],
  ['20-022/tcp', 'leading-zero', '20-22/tcp'],
  ['00/tcp', 'leading-zero'],
];

const rangeArb: fc.Arbitrary<PortRange> = fc
  .tuple(fc.constantFrom(...PROTOCOLS), fc.integer({ min: 1, max: 65_535 }), fc.nat(300))
  .map(([protocol, first, more]) => ({ protocol, first, last: Math.min(first + more, 65_535) }));

describe('parsePortRange', () => {
  test.each(accepted)('reads %s', (text, range, canonical) => {
    expect(parsePortRange(text)).toEqual({ ok: true, value: range });
    expect(formatPortRange(range)).toBe(canonical);
  });

  test.each(refused)('refuses %j: %s', (text, fault, hint) => {
    expect(parsePortRange(text)).toEqual(hint === undefined ? { ok: false, fault } : { ok: false, fault, hint });
  });

  it('is undone by formatting', () => {
    fc.assert(
      fc.property(rangeArb, (range) => {
        expect(parsePortRange(formatPortRange(range))).toEqual({ ok: true, value: range });
      }),
    );
  });
});

const tcp = (first: number, last: number): PortRange => ({ protocol: 'tcp', first, last });

describe('PortSet', () => {
  it('joins ranges that overlap or touch, and leaves out the other protocol', () => {
    const ranges = ['22/tcp', '443/udp', '8005-8010/tcp', '8000-8006/tcp', '8011/tcp', '23/tcp'].flatMap((text) => {
      const parsed = parsePortRange(text);
      return parsed.ok ? [parsed.value] : [];
    });
    const set = PortSet.of(ranges, 'tcp');
    expect(set.ranges()).toEqual([
      { first: 22, last: 23 },
      { first: 8000, last: 8011 },
    ]);
    expect(set.size).toBe(14);
    expect(set.has(443)).toBe(false);
    expect(PortSet.of(ranges, 'udp').ranges()).toEqual([{ first: 443, last: 443 }]);
    expect(PortSet.of([], 'tcp').size).toBe(0);
  });

  it('holds what a plain set of numbers holds', () => {
    const small = fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(8))
      .map(([first, more]) => ({ protocol: 'tcp' as const, first, last: first + more }));
    fc.assert(
      fc.property(fc.array(small, { maxLength: 8 }), (ranges) => {
        const plain = new Set(
          ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n)),
        );
        const set = PortSet.of(ranges, 'tcp');
        expect(Array.from({ length: 60 }, (_, port) => set.has(port))).toEqual(
          Array.from({ length: 60 }, (_, port) => plain.has(port)),
        );
        expect(set.size).toBe(plain.size);
        for (const [index, { first, last }] of set.ranges().entries()) {
          expect(last).toBeGreaterThanOrEqual(first);
          expect(first).toBeGreaterThan((set.ranges()[index - 1]?.last ?? -1) + 1);
        }
      }),
    );
  });

  it('is equal by its ports and its protocol', () => {
    const set = PortSet.of([tcp(1, 3)], 'tcp');
    expect(set.equals(PortSet.of([tcp(2, 3), tcp(1, 1)], 'tcp'))).toBe(true);
    expect(set.equals(PortSet.of([tcp(1, 4)], 'tcp'))).toBe(false);
    expect(set.equals(PortSet.of([{ protocol: 'udp', first: 1, last: 3 }], 'udp'))).toBe(false);
    expect(PortSet.of([], 'udp').equals(PortSet.of([], 'tcp'))).toBe(false);
  });
});
