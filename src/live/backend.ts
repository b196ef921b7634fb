import type { Effects } from '../effects/types.ts';
import type { Backend } from '../ruleset/backend.ts';
import { standsNowhere } from '../plan/live-state.ts';
import { type BothReadings, chooseFrom } from './kernel.ts';
import { Unavailable } from './tools.ts';

/** By what the rules are to stand, and why, in words for people. */
export interface BackendChoice {
  readonly backend: Backend;
  readonly why: string;
}

/**
 * What the config says; else what Docker uses, for its rules and ours are then read by the same tools; else what stands
 * already; else what is installed.
 *
 * @param docker `iptables`, `nftables` …, as Docker's API names its own backend; undefined where it doesn't
 */
export function chooseBackend(wanted: Backend | 'auto', docker: string | undefined, both: BothReadings): BackendChoice {
  if (wanted !== 'auto') return { backend: wanted, why: 'as the config says' };
  const works = (backend: Backend): boolean => !(both[backend] instanceof Unavailable);
  if (docker?.startsWith('nftables') && works('nftables')) return { backend: 'nftables', why: 'as Docker does' };
  const standing = standingIn(both);
  if (docker === undefined && standing) return { backend: standing, why: 'as it stands' };
  if (works('iptables') || !works('nftables')) return { backend: 'iptables', why: 'chosen by itself' };
  return { backend: 'nftables', why: 'iptables or ipset is missing here' };
}

function standingIn(both: BothReadings): Backend | undefined {
  if (Object.values(both).every((state) => state instanceof Unavailable || standsNowhere(state))) return undefined;
  return chooseFrom(both).backend ?? 'iptables';
}

const PROBE = `add table inet probe
add chain inet probe forward { type filter hook forward priority 0; }
add rule inet probe forward meta iifkind "bridge" fib saddr . iif oif exists return
`;

/** Whether nftables can tell a bridge by its kind here: tried in a network namespace that exists for this alone. */
export async function tellsBridges({ exec }: Pick<Effects, 'exec'>): Promise<boolean> {
  const output = await exec({ file: 'unshare', args: ['--net', 'nft', '-f', '-'], input: [PROBE] });
  return output.outcome === 'exited' && output.code === 0;
}
