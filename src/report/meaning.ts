import type { Difference } from '../analysis/trace/difference.ts';
import { formatAddress } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { formatPortRange, type PortRange } from '../net/port.ts';
import { formatPrefix, readPrefix } from '../net/prefix.ts';
import { PrefixSet } from '../net/prefix-set.ts';
import { subtract } from '../net/subtract.ts';
import type { Colours } from './colours.ts';
import { shortly } from './matrix.ts';
import { wrap } from './text.ts';

const MARK = { allowed: '+', denied: '-', unsure: '?' } as const;
const WORDS = {
  allowed: 'newly let in',
  denied: 'newly kept out',
  unsure: 'not sure any more, or not before',
} as const;

/** `+ newly let in: everyone but 203.0.113.7 to 198.51.100.10 8080/tcp`, and one packet of them below. */
export function meaningReport(
  differences: readonly Difference[],
  { green, red, yellow, dim }: Colours,
  indent = '',
): string {
  const paint = { allowed: green, denied: red, unsure: yellow };
  return differences
    .map(({ change, sources, destinations, ports, witness: { from, to, protocol, port } }) => {
      const where = `${whoText(destinations, 'everywhere')}, ${portsText(ports)}`;
      const text = `${WORDS[change]}: ${whoText(sources)} to ${where}`;
      const seen = dim(`such as ${formatAddress(from)} to ${formatAddress(to)} ${port}/${protocol}`);
      return `${indent}${paint[change](MARK[change])} ${wrap(text, `${indent}  `).trimStart()}\n${indent}    ${seen}`;
    })
    .join('\n');
}

const FEW_PORTS = 8;
const portsText = (ports: readonly PortRange[]): string => {
  const more = ports.length > FEW_PORTS ? [`and ${ports.length - FEW_PORTS} more`] : [];
  return [...ports.slice(0, FEW_PORTS).map(portText), ...more].join(' ');
};
const portText = (range: PortRange): string =>
  range.first === 0 && range.last === 65_535 ? `all ${range.protocol}` : formatPortRange(range);

/** By what is missing of everyone, where that is the shorter list. */
function whoText(set: PrefixSet, all = 'everyone'): string {
  const { family } = set;
  const rest = subtract(subtract(prefixSet(family, [ALL[family]]), set), prefixSet(family, NEVER[family]));
  if (rest.size === 0) return all;
  const shown = subtract(set, prefixSet(family, MANY[family]));
  return rest.size < shown.size ? `${all} but ${shortly(rest)}` : shortly(shown.size > 0 ? shown : set);
}

const ALL = { 4: '0.0.0.0/0', 6: '::/0' } as const;
/** From these no honest packet comes in: not worth a word that everyone is without them. */
const NEVER = { 4: ['0.0.0.0/8', '127.0.0.0/8'], 6: ['::/127'] } as const;
/** Nor that what goes to somebody may go to many. */
const MANY = { 4: ['224.0.0.0/3'], 6: ['ff00::/8'] } as const;

const prefixSet = (family: Family, texts: readonly string[]): PrefixSet =>
  PrefixSet.of(
    family,
    texts.flatMap((text) => {
      const prefix = readPrefix(text);
      return prefix.ok ? [prefix.value] : [];
    }),
  );

export const meaningJson = ({ change, sources, destinations, ports, witness }: Difference): object => ({
  change,
  sources: [...sources.prefixes()].map(formatPrefix),
  destinations: [...destinations.prefixes()].map(formatPrefix),
  ports: ports.map(formatPortRange),
  witness: { ...witness, from: formatAddress(witness.from), to: formatAddress(witness.to) },
});
