import { FAMILIES } from '../../net/family.ts';
import type { FilterSet, SetPart } from '../../ruleset/netfilter.ts';
import { sections, withoutHeads } from '../save.ts';
import { readAddresses } from './addresses.ts';
import { readOptions, type SetOptions } from './options.ts';
import { readTuples, readPorts, readList } from './entries.ts';

/**
 * Reads every set out of the output of `ipset save`, by its name. Made for 10^6 prefixes. Never throws: what can't be read
 * is `unknown`, and may hold anything.
 */
export function parseIpset(bytes: Uint8Array): Map<string, FilterSet> {
  const sets = new Map<string, FilterSet>();
  for (const { header, body } of sections(bytes)) {
    const [, name, type, optionText = ''] = /^create (\S+) (\S+)(.*)$/.exec(header) ?? [];
    if (name === undefined || type === undefined) continue;
    const options = readOptions(optionText);
    const entries = withoutHeads(body, encoder.encode(`add ${name} `));
    sets.set(name, setOf(type, options, entries));
  }
  return sets;
}

const encoder = new TextEncoder();

const PARTS: ReadonlyMap<string, SetPart> = new Map([
  ['ip', 'address'],
  ['net', 'address'],
  ['port', 'service'],
  ['iface', 'link'],
  ['mac', 'mac'],
  ['mark', 'mark'],
]);

function partsOf(type: string): readonly SetPart[] {
  if (type === 'bitmap:port') return ['port'];
  const [, words = ''] = type.split(':');
  return words.split(',').map((word) => PARTS.get(word) ?? 'other');
}

function setOf(type: string, options: SetOptions, entries: Uint8Array | undefined): FilterSet {
  const parts = partsOf(type);
  const families = type.startsWith('bitmap:ip')
    ? [4 as const]
    : parts.includes('address')
      ? [options.family]
      : FAMILIES;
  const content = entries === undefined ? UNKNOWN : (contentOf(type, parts, options, entries) ?? UNKNOWN);
  return { type, families, parts, content, changing: options.changing };
}

const UNKNOWN = { kind: 'unknown' } as const;

function contentOf(
  type: string,
  parts: readonly SetPart[],
  options: SetOptions,
  entries: Uint8Array,
): FilterSet['content'] | undefined {
  if (type === 'hash:ip' || type === 'hash:net' || type === 'bitmap:ip') return readAddresses(options, entries);
  if (type === 'bitmap:port') return readPorts(entries);
  if (type === 'list:set') return readList(entries);
  return readTuples(parts, options, entries);
}
