import { must } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';
import type { IpVersion } from './cells.ts';

/** A rule of Seawall's in the kernel. */
export interface LiveRule {
  readonly version: IpVersion;
  readonly chain: string;
  /** Its place in the chain, from 1. */
  readonly number: number;
  /** As iptables -S prints it, behind the chain's name. */
  readonly text: string;
}

const tool = (version: IpVersion): string => (version === 4 ? 'iptables' : 'ip6tables');

/** All rules of the chains that are Seawall's, and the rules of other chains that jump there. */
export async function ownRules(world: World, version: IpVersion): Promise<LiveRule[]> {
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

export async function deleteRule(world: World, { version, chain, number }: LiveRule): Promise<void> {
  await must([...world.enter('host'), tool(version), '-w', '10', '-t', 'mangle', '-D', chain, String(number)]);
}
