import type { Address } from '../../src/net/address.ts';
import type { Family } from '../../src/net/family.ts';
import { splitWords } from '../../src/iptables/tokens.ts';
import { parsePrefix, prefixContains, type Prefix } from '../../src/net/prefix.ts';
import { prefixesOf, type FakeSet } from './fake-sets.ts';
import type { FakeKernel } from './fake-kernel.ts';

/** A packet as it arrives, with what the kernel finds out about it on its way. */
export interface Packet {
  readonly family: Family;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'igmp' | 'esp';
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly port: number;
  readonly icmp: { readonly type: number; readonly code: number };
  readonly hopLimit: number;
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID';
  /** Where it comes in. */
  readonly link: string;
  /** What the destination is to this machine. */
  readonly to: 'LOCAL' | 'UNICAST' | 'MULTICAST' | 'BROADCAST';
  /** Where it leaves, if it is forwarded; by DNAT that can happen to what was for this machine. */
  readonly out: string | undefined;
  /** Whether rules with a limit still match. */
  readonly withinLimit: boolean;
}

export type Verdict = 'pass' | 'drop';

/**
 * What the mangle table does to a packet: written from iptables' manual, apart from the code under test, so that both can't
 * be wrong in the same way.
 */
export function verdictOf(kernel: FakeKernel, packet: Packet): Verdict {
  const ways = seen.get(packet) ?? waysOf(packet);
  seen.set(packet, ways);
  return ways.some(([chain, each]) => walk(kernel, chain, each) === 'DROP') ? 'drop' : 'pass';
}

const seen = new WeakMap<Packet, readonly Way[]>();

/** A built-in chain, and the packet as it is known there. */
type Way = readonly [chain: string, packet: Seen];

function waysOf(packet: Packet): readonly Way[] {
  const dnat = packet.out !== undefined && packet.to === 'LOCAL';
  return [
    ['PREROUTING', { ...packet, out: undefined, dnat: false }],
    packet.out === undefined ? ['INPUT', { ...packet, dnat }] : ['FORWARD', { ...packet, dnat }],
  ];
}

type Seen = Packet & { readonly dnat: boolean };
type Test = (packet: Seen, kernel: FakeKernel) => boolean;

/** A rule: what it tests, and where it leads. */
interface Compiled {
  readonly tests: readonly Test[];
  readonly target: string | undefined;
  readonly goto: boolean;
}

function walk(kernel: FakeKernel, chain: string, packet: Seen): 'DROP' | 'ACCEPT' | undefined {
  for (const { tests, target, goto } of compiled(kernel.tables[packet.family].rules('mangle', chain))) {
    if (target === undefined || !tests.every((test) => test(packet, kernel))) continue;
    if (target === 'RETURN') return undefined;
    if (target === 'DROP' || target === 'ACCEPT') return target;
    const verdict = walk(kernel, target, packet);
    if (goto || verdict !== undefined) return verdict;
  }
  return undefined;
}

/** A table that was committed is never changed any more: the next transaction has a copy of its own. */
const cache = new WeakMap<readonly string[], readonly Compiled[]>();

function compiled(rules: readonly string[]): readonly Compiled[] {
  const made = cache.get(rules) ?? rules.map((text) => compile(splitWords(text)));
  cache.set(rules, made);
  return made;
}

function compile(words: readonly string[]): Compiled {
  const tests: Test[] = [];
  let [not, target, goto] = [false, undefined as string | undefined, false];
  for (let at = 0; at < words.length; at++) {
    const [word = '', value = ''] = [words[at], words[at + 1]];
    if (word === '!') {
      not = true;
      continue;
    }
    const option = OPTIONS[word];
    if (word === '-j' || word === '-g') [target, goto] = [value, word === '-g'];
    else if (!option) throw new Error(`no rule of ours has ${word}: ${words.join(' ')}`);
    else if (option.test) {
      const [test, negated] = [option.test(value, words[at + 2] ?? ''), not];
      tests.push((packet, kernel) => test(packet, kernel) !== negated);
    }
    at += option?.values ?? 1;
    not = false;
  }
  return { tests, target, goto };
}

interface OptionMeaning {
  /** How many words follow. */
  readonly values: number;
  readonly test?: (value: string, second: string) => Test;
}

const OPTIONS: Readonly<Record<string, OptionMeaning>> = {
  '-m': { values: 1 },
  '--comment': { values: 1 },
  '--log-prefix': { values: 1 },
  '--add-set': { values: 2 },
  '--exist': { values: 0 },
  '--set-xmark': { values: 1 },
  '--limit-burst': { values: 1 },
  '-s': { values: 1, test: (value) => within(value, ({ source }) => source) },
  '-d': { values: 1, test: (value) => within(value, ({ destination }) => destination) },
  '-i': { values: 1, test: (value) => link(value, (packet) => packet.link) },
  '-o': { values: 1, test: (value) => link(value, (packet) => packet.out ?? '') },
  '-p': { values: 1, test: (value) => (packet) => packet.protocol === value.replace('ipv6-icmp', 'icmp') },
  '--ctstate': {
    values: 1,
    test: (value) => (packet) =>
      value.split(',').some((state) => (state === 'DNAT' ? packet.dnat : packet.state === state)),
  },
  // Addresses of this machine are UNICAST too in IPv6, but no rule may ask for that.
  '--dst-type': { values: 1, test: (value) => (packet) => value.split(',').includes(packet.to) },
  '--icmp-type': { values: 1, test: icmp },
  '--icmpv6-type': { values: 1, test: icmp },
  '--ttl-eq': { values: 1, test: (value) => (packet) => packet.hopLimit === Number(value) },
  '--hl-eq': { values: 1, test: (value) => (packet) => packet.hopLimit === Number(value) },
  '--sport': { values: 1, test: (value) => (packet) => packet.sourcePort === Number(value) },
  '--dport': { values: 1, test: (value) => (packet) => packet.port === Number(value) },
  '--limit': { values: 1, test: () => (packet) => packet.withinLimit },
  '--match-set': { values: 2, test: (name, fields) => (packet, kernel) => inSet(kernel, name, fields, packet) },
};

function icmp(value: string): Test {
  const [type, code] = value.split('/').map(Number);
  return (packet) =>
    packet.protocol === 'icmp' && packet.icmp.type === type && (code ?? packet.icmp.code) === packet.icmp.code;
}

function link(pattern: string, of: (packet: Seen) => string): Test {
  if (!pattern.endsWith('+')) return (packet) => of(packet) === pattern;
  return (packet) => of(packet).startsWith(pattern.slice(0, -1));
}

function within(text: string, of: (packet: Seen) => Address): Test {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text} is no prefix`);
  return (packet) => prefixContains(parsed.value, of(packet));
}

function inSet(kernel: FakeKernel, name: string, fields: string, packet: Seen): boolean {
  const set = kernel.sets.get(name);
  if (!set) throw new Error(`a rule asks the set ${name}, which does not exist`);
  if (set.type === 'hash:net')
    return prefixesIn(set).some((prefix) => prefixContains(prefix, addressOf(packet, fields)));
  if (set.type === 'bitmap:port')
    return hasPorts(packet) && set.entries.has(`${fields === 'src' ? packet.sourcePort : packet.port}`);
  return false;
}

/** Other protocols have no port that a set could hold. */
const hasPorts = ({ protocol }: Seen): boolean => protocol === 'tcp' || protocol === 'udp';

const addressOf = (packet: Seen, field: string): Address => (field === 'src' ? packet.source : packet.destination);

const parsedSets = new WeakMap<FakeSet, { revision: number; prefixes: readonly Prefix[] }>();

function prefixesIn(set: FakeSet): readonly Prefix[] {
  const known = parsedSets.get(set);
  if (known?.revision === set.revision) return known.prefixes;
  const prefixes = prefixesOf(set);
  parsedSets.set(set, { revision: set.revision, prefixes });
  return prefixes;
}
