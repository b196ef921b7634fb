import type { Effects } from '../effects/types.ts';

/** nftables' chains that come before Seawall's place. */
export interface EarlyChains {
  /** Chains of others that drop packets there, as `inet mytable early (prerouting, priority -300)`. */
  readonly drops: readonly string[];
  /** The names of all tables. */
  readonly tables: readonly string[];
}

interface NftChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly prio?: number;
  readonly policy?: string;
}

interface NftPart {
  readonly table?: { readonly name: string };
  readonly chain?: NftChain;
  readonly rule?: {
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    readonly expr: readonly object[];
  };
}

/** Where mangle is. What comes later than that comes later than Seawall. */
const MANGLE_PRIORITY = -150;
const HOOKS = ['ingress', 'prerouting', 'forward'];
/** Tables that iptables makes, which are looked at by its own tools, and Docker's, which only guard its containers. */
const KNOWN = /^(?:(?:raw|mangle|nat|filter|security)$|docker)/;

/**
 * Only what drops is told: to nftables an accept ends one chain and no more, so Seawall judges the packet all the same.
 * Without the sets' entries, of which there may be millions.
 */
export async function readEarlyChains({ exec }: Pick<Effects, 'exec'>): Promise<EarlyChains> {
  const output = await exec({ file: 'nft', args: ['-j', '-t', 'list', 'ruleset'] });
  const parts = output.outcome === 'exited' && output.code === 0 ? partsOf(output.stdout.toString()) : [];
  const early = parts.flatMap(({ chain }) => (chain && isEarly(chain) ? [chain] : []));
  return {
    drops: early.filter((chain) => chain.policy === 'drop' || dropsByRule(chain, parts)).map(chainText),
    tables: parts.flatMap(({ table }) => (table ? [table.name] : [])),
  };
}

function partsOf(json: string): readonly NftPart[] {
  try {
    return (JSON.parse(json) as { readonly nftables?: readonly NftPart[] }).nftables ?? [];
  } catch {
    return [];
  }
}

const isEarly = ({ hook = '', prio = 0, table }: NftChain): boolean =>
  HOOKS.includes(hook) && (hook === 'ingress' || prio < MANGLE_PRIORITY) && !KNOWN.test(table);

const dropsByRule = (chain: NftChain, parts: readonly NftPart[]): boolean =>
  parts.some(
    ({ rule }) =>
      rule?.family === chain.family &&
      rule.table === chain.table &&
      rule.chain === chain.name &&
      rule.expr.some((expression) => 'drop' in expression),
  );

const chainText = ({ family, table, name, hook, prio }: NftChain): string =>
  `${family} ${table} ${name} (${hook}, priority ${prio})`;
