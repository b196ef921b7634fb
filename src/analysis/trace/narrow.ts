import type { Condition, FilterChain, FilterHook, FilterRule } from '../../ruleset/netfilter.ts';
import { splitBy } from './conditions.ts';
import type { Machine } from './machine.ts';
import type { Packet } from './packet.ts';

/** What no rule of a filter changes of a packet, and what doesn't differ from address to address. */
const FIXED: ReadonlySet<Condition['kind']> = new Set(['family', 'protocol', 'port', 'icmp', 'tcp-flags']);

/**
 * The rules of one hook that some packet with these ports can match: of thousands of rules, most ask for other ports.
 * The numbers of rules are other ones then.
 */
export function narrowed(machine: Machine, hook: FilterHook, packet: Packet): Machine {
  const canMatch = ({ conditions }: FilterRule): boolean =>
    conditions.every((condition) => !FIXED.has(condition.kind) || splitBy(condition, packet, machine).may !== false);
  const tables = machine.netfilter.tables.map((table) => {
    const chains = new Map<string, FilterChain>();
    const keep = (chain: FilterChain | undefined): void => {
      if (chain === undefined || chains.has(chain.name)) return;
      const rules = chain.rules.filter(canMatch);
      chains.set(chain.name, { ...chain, rules });
      for (const name of rules.flatMap(calledBy)) keep(table.chains.get(name));
    };
    for (const chain of table.chains.values()) if (chain.base?.hook === hook) keep(chain);
    return { ...table, chains };
  });
  return { ...machine, netfilter: { ...machine.netfilter, tables } };
}

const calledBy = ({ action }: FilterRule): string[] =>
  (action.kind === 'choose' ? action.cases.map((each) => each.action) : [action]).flatMap((each) =>
    each.kind === 'jump' || each.kind === 'goto' ? [each.chain] : [],
  );
