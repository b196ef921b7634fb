import * as fc from 'fast-check';
import { renderRule } from '../../src/iptables/render-rule.ts';
import type { Family } from '../../src/net/family.ts';
import { CHAINS } from '../../src/policy/compile.ts';
import { ruleArb } from './rules-arb.ts';

/** Rules of others, and chains of theirs that stand in the same table. */
export const FOREIGN_CHAINS = ['OTHER', 'DOCKER-SOMETHING'];
const FOREIGN = [
  '-p tcp -m tcp --dport 22 -j ACCEPT',
  '-i eth0 -j MARK --set-xmark 0x1/0xffffffff',
  '-m comment --comment "not -j SEAWALL-PRE" -j RETURN',
  '-j OTHER',
  '-m set --match-set admins src -j ACCEPT',
];

/** Jumps to own chains as somebody might have put them in. */
const ODD_HOOKS = [
  '-j SEAWALL-OLD',
  '-p udp -m udp --dport 53 -j SEAWALL-PRE',
  '-i eth0 -g SEAWALL-FWD',
  '-m comment --comment "mine, not yours" -j SEAWALL-PRE',
  '-m conntrack ! --ctstate RELATED,ESTABLISHED -j SEAWALL-PRE',
  '-m conntrack ! --ctstate RELATED,ESTABLISHED -j SEAWALL-FWD',
];

/** No chain leads back to one before it: the kernel would have refused that. */
const OWN = ['SEAWALL-OLD', CHAINS.arriving, CHAINS.passing, CHAINS.host, CHAINS.icmp, CHAINS.behind, CHAINS.deny];

const foreignRules = fc.array(fc.constantFrom(...FOREIGN), { maxLength: 3 });

const ownRules = (family: Family, index: number): fc.Arbitrary<string[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: ruleArb(family, { sets: ['admins'], chains: OWN.slice(index + 1) }).map((rule) =>
          renderRule(rule, family),
        ),
      },
      { weight: 1, arbitrary: fc.constantFrom(...FOREIGN.filter((rule) => !rule.includes('OTHER'))) },
    ),
    { maxLength: 4 },
  );

const builtInRules = fc.array(fc.oneof(fc.constantFrom(...FOREIGN), fc.constantFrom(...ODD_HOOKS)), { maxLength: 5 });

/**
 * The mangle table of a machine where anything may have happened: own chains half gone or full of nonsense, hooks
 * missing, doubled, moved or altered, rules of others between them. As input of iptables-restore; the set `admins` has
 * to be there.
 */
export const garbageArb = (family: Family): fc.Arbitrary<string> =>
  fc
    .record({
      own: fc.tuple(...OWN.map((_, index) => ownRules(family, index))),
      builtIn: fc.tuple(builtInRules, builtInRules, builtInRules, foreignRules),
      foreign: fc.tuple(foreignRules, foreignRules),
    })
    .map(({ own, builtIn, foreign }) => {
      const withoutJump = (rules: readonly string[]): string[] => rules.filter((rule) => rule !== '-j OTHER');
      const chains: [string, readonly string[]][] = [
        ...OWN.map((name, index): [string, readonly string[]] => [name, own[index] ?? []]),
        ...FOREIGN_CHAINS.map((name, index): [string, readonly string[]] => [name, withoutJump(foreign[index] ?? [])]),
        ...['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT'].map((name, index): [string, readonly string[]] => [
          name,
          builtIn[index] ?? [],
        ]),
      ];
      const made = chains
        .filter(([name]) => name.includes('-') || name === 'OTHER')
        .map(([name]) => `:${name} - [0:0]`);
      return [
        '*mangle',
        ...made,
        ...chains.flatMap(([name, rules]) => rules.map((rule) => `-A ${name} ${rule}`)),
        'COMMIT',
        '',
      ].join('\n');
    });
