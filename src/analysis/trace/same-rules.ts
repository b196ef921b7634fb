import { formatAddress } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { formatPrefix } from '../../net/prefix.ts';
import type { FilterChain, Netfilter, SetContent } from '../../ruleset/netfilter.ts';
import type { Machine } from './machine.ts';

/** Whether the rules and the sets that they ask are the same to the letter: most changes are of one IP version. */
export function areSame(before: Machine, after: Machine, family: Family): boolean {
  const [a, b] = [before, after].map(({ netfilter }) => textsOf(netfilter, family));
  if (a !== b || placeOf(before) !== placeOf(after)) return false;
  return [...before.netfilter.sets].every(([name, set]) => {
    const other = after.netfilter.sets.get(name);
    return !set.families.includes(family) || (other !== undefined && sameContent(set.content, other.content));
  });
}

/** Links and routes, as text. */
const placeOf = ({ links, routes }: Machine): string =>
  [
    ...links.flatMap(({ name, kind, addresses }) => [
      `${name} ${kind}`,
      ...addresses.map(({ address, length }) => `${formatAddress(address)}/${length}`),
    ]),
    ...routes.map(({ prefix, link }) => `${formatPrefix(prefix)} ${link}`),
  ].join('\n');

const textsOf = ({ tables }: Netfilter, family: Family): string =>
  tables
    .filter(({ families }) => families.includes(family))
    .flatMap(({ name, chains }) => [name, ...[...chains.values()].flatMap((chain) => [chain.name, ...textsIn(chain)])])
    .join('\n');

const textsIn = ({ base, rules }: FilterChain): string[] => [
  JSON.stringify(base ?? null),
  ...rules.map(({ text }) => text),
];

function sameContent(a: SetContent, b: SetContent): boolean {
  if (a.kind === 'addresses') return b.kind === 'addresses' && a.members.equals(b.members);
  return a.kind === b.kind && wordsOf(a) === wordsOf(b);
}

function wordsOf(content: SetContent): string {
  switch (content.kind) {
    case 'ports':
      return content.ranges.map(({ first, last }) => `${first}-${last}`).join();
    case 'tuples':
      return content.entries.map(({ text }) => text).join('\n');
    case 'list':
      return content.sets.join();
    default:
      return '';
  }
}
