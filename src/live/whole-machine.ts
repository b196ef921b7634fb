import type { Machine, MachineLink, Route } from '../analysis/trace/machine.ts';
import { parseIpset } from '../ipset/whole/parse.ts';
import { parseIptables } from '../iptables/whole/parse.ts';
import { readAddress } from '../net/address.ts';
import { FAMILIES, addressBits, type Family } from '../net/family.ts';
import { parseJson } from '../net/json.ts';
import { mask, readPrefix } from '../net/prefix.ts';
import { parseNft } from '../nftables/whole/parse.ts';
import { withoutCopies } from '../ruleset/copies.ts';
import type { FilterTable, Netfilter } from '../ruleset/netfilter.ts';
import type { DumpName, Dumps } from './dumps.ts';
import { withLinkKinds } from './link-kinds.ts';

/** Puts a machine together from what its tools printed. Never fails: what makes no sense is left out. */
export function machineOf({ texts }: Pick<Dumps, 'texts'>): Machine {
  const links = rows(texts.get('links.json')).flatMap(linkOf);
  return {
    netfilter: withLinkKinds(netfilterOf(texts), links),
    links,
    routes: rows(texts.get('routes.json')).flatMap(routeOf),
  };
}

function netfilterOf(texts: Dumps['texts']): Netfilter {
  const tables = (name: DumpName, family: Family): FilterTable[] =>
    parseIptables(texts.get(name)?.toString() ?? '', family);
  const iptables = FAMILIES.flatMap((family) => {
    const word = family === 4 ? 'iptables' : 'ip6tables';
    return [...tables(`${word}-save`, family), ...tables(`${word}-legacy-save`, family)];
  });
  const json = texts.get('nft.json');
  const nft = json === undefined ? { tables: [], sets: new Map() } : parseNft(json);
  const ipsets = parseIpset(texts.get('ipset-save') ?? new Uint8Array());
  return {
    ...nft,
    tables: [...iptables, ...withoutCopies(nft.tables, iptables)],
    sets: new Map([...ipsets, ...nft.sets]),
  };
}

/** One array, or one a line: `(ip -j route; ip -j -6 route) > routes.json` makes two. */
export function rows(text: Buffer | undefined): Readonly<Record<string, unknown>>[] {
  if (text === undefined) return [];
  const whole = parsed(text.toString());
  const found = whole === undefined ? text.toString().split('\n').map(parsed) : [whole];
  return found.flatMap((value) => (Array.isArray(value) ? value : [])).filter(isRecord);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function linkOf({ ifname, addr_info: info, linkinfo }: Readonly<Record<string, unknown>>): MachineLink[] {
  if (typeof ifname !== 'string') return [];
  const addresses = (Array.isArray(info) ? info : []).filter(isRecord).flatMap(({ local, prefixlen }) => {
    const address = readAddress(typeof local === 'string' ? local : '');
    if (!address.ok || typeof prefixlen !== 'number') return [];
    return [{ address: address.value, length: Math.min(Math.max(0, prefixlen), addressBits(address.value.family)) }];
  });
  const kind = isRecord(linkinfo) ? linkinfo['info_kind'] : undefined;
  return [{ name: ifname, addresses, ...(typeof kind === 'string' ? { kind } : {}) }];
}

/** A default route without another word is IPv4's, unless its gateway says otherwise. */
function routeOf(row: Readonly<Record<string, unknown>>): Route[] {
  const { dst, gateway, dev, nexthops, type } = row;
  const [hop] = (Array.isArray(nexthops) ? nexthops : []).filter(isRecord);
  const link = [dev, hop?.['dev']].find((each) => typeof each === 'string');
  const isDead = type === 'blackhole' || type === 'unreachable' || type === 'prohibit';
  if (dst === 'default') {
    const isSix = [gateway, hop?.['gateway']].some((each) => typeof each === 'string' && each.includes(':'));
    const family = isSix || 'pref' in row ? 6 : 4;
    return [{ prefix: { family, value: 0n, length: 0 }, link: isDead ? undefined : link }];
  }
  const prefix = readPrefix(typeof dst === 'string' ? dst : '');
  if (!prefix.ok) return [];
  const { family, value, length } = prefix.value;
  return [{ prefix: { family, value: value & mask(family, length), length }, link: isDead ? undefined : link }];
}
