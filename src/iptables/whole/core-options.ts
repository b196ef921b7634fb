import type { Family } from '../../net/family.ts';
import type { Condition, End } from '../../ruleset/condition.ts';
import { conditionOf, openCondition, type OptionReader } from './match-reading.ts';
import type { Option } from './rule-words.ts';
import { protocolNumber } from '../../net/protocol-names.ts';
import { listOf, maskedAddresses } from './values.ts';

const address =
  (end: End): OptionReader =>
  ([text, ...more], family) => {
    const lists = more.length === 0 ? listOf(text, (part) => maskedAddresses(part, family)) : undefined;
    return lists && { kind: 'address', end, ranges: lists.flat() };
  };

/** To iptables `+` at the end is the wildcard; to us `*`, so a name that ends so can't be told. */
const link =
  (side: 'in' | 'out'): OptionReader =>
  ([text = '', ...more]) => {
    if (text === '' || text.endsWith('*') || more.length > 0) return undefined;
    return { kind: 'link', side, names: [text.endsWith('+') ? `${text.slice(0, -1)}*` : text] };
  };

const protocol: OptionReader = ([text = '', ...more]) => {
  if (more.length > 0) return undefined;
  if (text === 'all' || text === '0') return { kind: 'protocol', protocols: [{ first: 0, last: 255 }] };
  const number = protocolNumber(text);
  return number === undefined ? undefined : { kind: 'protocol', protocols: [{ first: number, last: number }] };
};

const fragment: OptionReader = (values) => (values.length === 0 ? { kind: 'fragment' } : undefined);

/** What every rule can ask, without `-m`. */
const READERS = new Map<string, OptionReader>([
  ['-s', address('src')],
  ['--source', address('src')],
  ['--src', address('src')],
  ['-d', address('dst')],
  ['--destination', address('dst')],
  ['--dst', address('dst')],
  ['-i', link('in')],
  ['--in-interface', link('in')],
  ['-o', link('out')],
  ['--out-interface', link('out')],
  ['-p', protocol],
  ['--protocol', protocol],
  ['--proto', protocol],
  ['-f', fragment],
  ['--fragment', fragment],
]);

export const isCoreOption = (name: string): boolean => READERS.has(name);

export function readCoreOption({ name, values, not, text }: Option, family: Family): Condition {
  const plain = READERS.get(name)?.(values, family);
  return plain === undefined ? openCondition(text) : conditionOf(plain, text, not);
}
