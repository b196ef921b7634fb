import * as fc from 'fast-check';
import type { Family } from '../../src/net/family.ts';
import { mask, type Prefix } from '../../src/net/prefix.ts';
import type { Action, ConnState, Match, Rule, SetField } from '../../src/ruleset/match.ts';

/** What the rules may speak of. */
export interface Names {
  readonly sets: readonly string[];
  readonly chains: readonly string[];
}

const isV4InV6 = ({ family, value }: Prefix): boolean => family === 6 && value >> 48n === 0n && value > 0xffffn;

export const prefixArb = (family: Family): fc.Arbitrary<Prefix> => {
  const bits = family === 4 ? 32 : 128;
  return fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }), fc.integer({ min: 1, max: bits }))
    .map(([value, length]): Prefix => ({ family, value: value & mask(family, length), length }))
    .filter((prefix) => !isV4InV6(prefix) && !(family === 6 && prefix.value === 0xffn << 120n && prefix.length === 8));
};

/** Of the characters that `isLinkName` of live/docker.ts lets through. */
const linkArb = fc.oneof(
  fc.constantFrom('eth0', 'br-0123456789ab', 'wg0', 'vlan.100', 'a-b_c@d', 'wg*', 'br-*'),
  fc.stringMatching(/^[a-zA-Z0-9_.#;&|$-][a-zA-Z0-9_.!#;&|$=-]{0,14}$/).filter((name) => !/^\.{1,2}$/.test(name)),
);

const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });

/** Of each kind at most one: iptables has no rule with two inner interfaces. */
function matchArbs(family: Family, { sets }: Names): Record<string, fc.Arbitrary<Match>> {
  const kind = <K extends Match['kind']>(name: K): fc.Arbitrary<K> => fc.constant(name);
  const stateArb = fc.subarray<ConnState>(['invalid', 'related', 'established'], { minLength: 1 });
  const not = fc.constantFrom({}, { not: true } as const);
  const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
  return {
    in: fc.record({ kind: kind('in'), link: linkArb }),
    out: fc.record({ kind: kind('out'), link: linkArb }),
    src: fc.record({ kind: kind('src'), prefix: prefixArb(family) }),
    dst: fc.record({ kind: kind('dst'), prefix: prefixArb(family) }),
    state: fc.tuple(stateArb, not).map(([states, negated]) => ({ kind: 'state', states, ...negated })),
    dnat: fc.constant({ kind: 'dnat' }),
    where: fc.constantFrom({ kind: 'elsewhere' }, { kind: 'group' }),
    set: fc
      .tuple(fc.constantFrom(...sets), fc.constantFrom<SetField[]>(['src'], ['dst'], ['src', 'dst']), not)
      .map(([set, fields, negated]) => ({ kind: 'in-set', set, fields, ...negated })),
    limit: fc.constantFrom(
      { kind: 'limit', count: 10, per: 'minute', burst: 20 },
      { kind: 'limit', count: 20, per: 'second', burst: 50 },
      { kind: 'limit', count: 1, per: 'second', burst: 5 },
    ),
    ports: fc.record({ kind: kind('udp-ports'), source: number(65_535), destination: number(65_535) }),
    icmp: fc.oneof(
      fc.record({ kind: kind('icmp'), type: number(254), code: number(254) }),
      fc.record({ kind: kind('icmp'), type: number(254) }),
    ),
    'hop-limit': fc.record({ kind: kind('hop-limit'), value: number(255) }),
  };
}

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'igmp'] as const;

/** A destination is said once only. */
const DESTINATIONS = ['dst', 'where'];

export function matchesArb(family: Family, names: Names): fc.Arbitrary<Match[]> {
  const arbs = matchArbs(family, names);
  const kinds = Object.keys(arbs).filter((kind) => kind !== 'ports' && kind !== 'icmp');
  const free = fc
    .tuple(fc.subarray(kinds, { maxLength: 4 }), fc.option(fc.constantFrom(...PROTOCOLS), { nil: undefined }))
    .chain(([chosen, protocol]): fc.Arbitrary<Match[]> => {
      const destination = chosen.find((kind) => DESTINATIONS.includes(kind));
      const own = chosen.filter((kind) => !DESTINATIONS.includes(kind) || kind === destination);
      // Ports and types stand only behind their protocol.
      const more = protocol === 'udp' ? ['ports'] : protocol === 'icmp' ? ['icmp'] : [];
      const matches = [...own, ...more].flatMap((kind) => arbs[kind] ?? []);
      const head: Match[] = protocol === undefined ? [] : [{ kind: 'protocol', protocol }];
      return fc.tuple(...matches).map((all) => [...head, ...all]);
    });
  return free;
}

export function actionArb({ sets, chains }: Names): fc.Arbitrary<Action> {
  return fc.oneof(
    fc.constantFrom<Action>({ kind: 'return' }, { kind: 'drop' }),
    fc.constantFrom(...sets).map((set): Action => ({ kind: 'note', set })),
    fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 29 })
      .map((prefix): Action => ({ kind: 'log', prefix })),
    ...(chains.length === 0
      ? []
      : [
          fc
            .tuple(fc.constantFrom('jump' as const, 'goto' as const), fc.constantFrom(...chains))
            .map(([kind, chain]): Action => ({ kind, chain })),
        ]),
  );
}

/** Any rule of the vocabulary. */
export const ruleArb = (family: Family, names: Names): fc.Arbitrary<Rule> =>
  fc
    .tuple(matchesArb(family, names), actionArb(names), fc.option(printable, { nil: undefined }))
    .map(([match, action, comment]) => (comment === undefined ? { match, action } : { match, action, comment }));
