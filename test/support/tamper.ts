import * as fc from 'fast-check';
import type { FakeKernel } from './fake-kernel.ts';
import { familyOf } from './fake-sets.ts';
import { ToolError } from './tool-error.ts';

/** Something that somebody else did to the kernel. */
export type Tampering = (kernel: FakeKernel) => void;

const ENTRIES = {
  4: ['203.0.113.1', '203.0.113.4/30', '0.0.0.0/1', '198.51.100.77'],
  6: ['2001:db8:1::1', '2001:db8:1::4/126', '8000::/1', '2000::/3'],
};

const hashSets = (kernel: FakeKernel): string[] =>
  kernel.sets.names().filter((name) => kernel.sets.get(name)?.type === 'hash:net');

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from[index % Math.max(from.length, 1)];
}

/** An entry more, or one less, in some set of addresses. */
const inSets: fc.Arbitrary<Tampering> = fc
  .tuple(fc.constantFrom('add', 'del'), fc.nat(20), fc.nat(20))
  .map(([verb, which, entry]) => (kernel) => {
    const name = pick(hashSets(kernel), which);
    const set = kernel.sets.get(name ?? '');
    if (name === undefined || !set) return;
    const value = verb === 'del' ? pick([...set.entries], entry) : pick(ENTRIES[familyOf(set) ?? 4], entry);
    if (value !== undefined) kernel.sets.run(`${verb} ${name} ${value}`, true);
  });

const inPorts: fc.Arbitrary<Tampering> = fc
  .tuple(fc.nat(20), fc.constantFrom(22, 80, 8001))
  .map(([which, port]) => (kernel) => {
    const name = pick(
      kernel.sets.names().filter((each) => kernel.sets.get(each)?.type === 'bitmap:port'),
      which,
    );
    if (name !== undefined) kernel.sets.run(`add ${name} ${port}`, true);
  });

/** What a killed run can leave behind. */
const leftovers: fc.Arbitrary<Tampering> = fc
  .constantFrom(
    'create seawall-scratch hash:net family inet',
    'create seawall-scratch bitmap:port range 0-65535',
    'create seawall-list4-000000000000 hash:net family inet',
    'create seawall-trusted4b hash:net family inet hashsize 1024 maxelem 65536',
  )
  .map((line) => (kernel) => kernel.sets.run(line, true));

const HOOKS = ['PREROUTING', 'FORWARD', 'INPUT'];

const inTables: fc.Arbitrary<Tampering> = fc
  .tuple(
    fc.constantFrom<4 | 6>(4, 6),
    fc.oneof(
      fc.constantFrom(
        '-F SEAWALL-HOST',
        '-F SEAWALL-DENY',
        '-I SEAWALL-HOST 1 -j RETURN',
        '-A SEAWALL-PRE -j DROP',
        '-D SEAWALL-BEHIND 1',
        '-N SEAWALL-OLD',
        '-F',
      ),
      fc
        .constantFrom(...HOOKS)
        .chain((chain) =>
          fc.constantFrom(
            `-F ${chain}`,
            `-D ${chain} 1`,
            `-I ${chain} 1 -j SEAWALL-PRE`,
            `-A ${chain} -j SEAWALL-FWD`,
            `-I ${chain} 1 -i eth0 -j MARK --set-xmark 0x1/0xffffffff`,
          ),
        ),
    ),
  )
  .map(([family, command]) => (kernel) => {
    try {
      kernel.tables[family].call('mangle', command);
    } catch (error) {
      // Nothing there to be broken.
      if (!(error instanceof ToolError)) throw error;
    }
  });

/** Mishaps that leave the sets in use as they were. */
export const tableTamperingArb: fc.Arbitrary<Tampering[]> = fc.array(fc.oneof(inTables, leftovers), { maxLength: 3 });

/** Any mishaps, to one of the sets. */
export const oneSetTamperingArb: fc.Arbitrary<Tampering[]> = fc
  .tuple(fc.oneof(inSets, inPorts), tableTamperingArb)
  .map(([first, rest]) => [first, ...rest]);

export const tamperingArb: fc.Arbitrary<Tampering[]> = fc.array(fc.oneof(inSets, inPorts, leftovers, inTables), {
  maxLength: 4,
});
