import { must } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';
import type { IpVersion } from './cells.ts';
import { BACKEND } from './own-sets.ts';

/** A rule of Seawall's in the kernel. */
export interface LiveRule {
  readonly version: IpVersion;
  readonly chain: string;
  /** Its place in the chain, from 1. */
  readonly number: number;
  /** As iptables -S prints it, behind the chain's name; or as nft does. */
  readonly text: string;
}

const tool = (version: IpVersion): string => (version === 4 ? 'iptables' : 'ip6tables');

/** All rules of the chains that are Seawall's, and the rules of other chains that jump there. */
export async function ownRules(world: World, version: IpVersion): Promise<LiveRule[]> {
  if (BACKEND === 'nftables') return nftRules(world, version);
  const text = await must([...world.enter('host'), tool(version), '-t', 'mangle', '-S']);
  const counts = new Map<string, number>();
  const rules = text.split('\n').flatMap((line): LiveRule[] => {
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (chain === undefined || rule === undefined) return [];
    const number = (counts.get(chain) ?? 0) + 1;
    counts.set(chain, number);
    return [{ version, chain, number, text: rule }];
  });
  return rules.filter(({ chain, text: rule }) => chain.startsWith('SEAWALL-') || rule.includes('-j SEAWALL-'));
}

/** The chains of nftables under the names that they have in iptables; those that are hooked in lead to both versions' own. */
async function nftRules(world: World, version: IpVersion): Promise<LiveRule[]> {
  const rules = await nftListing(world);
  return rules.flatMap(({ chain, text }, index) => {
    const own = chain.startsWith('SEAWALL-')
      ? chain.endsWith(`${version}`)
      : text.includes(`jump SEAWALL-`) && text.endsWith(`${version}`);
    const number = rules.slice(0, index + 1).filter((rule) => rule.chain === chain).length;
    const name = chain.startsWith('SEAWALL-') ? chain.slice(0, -1) : chain.toUpperCase();
    return own ? [{ version, chain: name, number, text }] : [];
  });
}

interface NftRule {
  readonly chain: string;
  readonly text: string;
  readonly handle: string;
}

async function nftListing(world: World): Promise<NftRule[]> {
  const text = await must([...world.enter('host'), 'nft', '-a', '-s', '-t', 'list', 'table', 'inet', 'seawall']);
  let chain = '';
  return text.split('\n').flatMap((line): NftRule[] => {
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, rule, handle] = /^\t\t(.*) # handle (\d+)$/.exec(line) ?? [];
    return rule === undefined || handle === undefined ? [] : [{ chain, text: rule, handle }];
  });
}

async function deleteNftRule(world: World, { version, chain, text }: LiveRule): Promise<void> {
  const name = chain.startsWith('SEAWALL-') ? `${chain}${version}` : chain.toLowerCase();
  const rule = (await nftListing(world)).find((each) => each.chain === name && each.text === text);
  await must([...world.enter('host'), 'nft', 'delete', 'rule', 'inet', 'seawall', name, 'handle', rule?.handle ?? '']);
}

export async function deleteRule(world: World, live: LiveRule): Promise<void> {
  const { version, chain, number } = live;
  if (BACKEND === 'nftables') return deleteNftRule(world, live);
  await must([...world.enter('host'), tool(version), '-w', '10', '-t', 'mangle', '-D', chain, String(number)]);
}
