import type { Explanation } from '../analysis/trace/explain.ts';
import { ruleText } from './audit.ts';

/** The one rule that decides against the packet, and what lets it in; there may be another rule behind that one. */
export function whyNotText(explanation: Explanation, from: string, port: string): string {
  const { whyNot, certainty } = explanation;
  if (!whyNot) return 'Nothing stands in its way.';
  const own = whyNot.chain.startsWith('SEAWALL') || whyNot.table === 'inet seawall';
  const way = own
    ? ownWay(explanation, whyNot, from, port)
    : `put a rule that accepts it before this one, or change it: ${ruleText(whyNot)}`;
  return `${certainty === 'possible' ? 'It may be' : 'It is'} turned away by ${ruleText(whyNot)}\n  → ${way}`;
}

type Rule = NonNullable<Explanation['whyNot']>;

/** What decides is told by the set that the rule asks, and by the chain that the packet came from. */
function ownWay({ steps }: Explanation, { chain, rule, text }: Rule, from: string, port: string): string {
  const entry = steps.find((step) => step.chain === chain && step.rule === rule)?.entries?.[0]?.entry;
  if (text.includes('seawall-block')) return `they are blocked; no longer: seawall block remove ${entry ?? from}`;
  if (text.includes('seawall-cut')) return 'a change cut this connection; a new one, from another port, is judged anew';
  if (FORGED.test(text)) return 'no honest packet looks like this, so nothing lets it in';
  const trust = `let them in: seawall trust add ${from}`;
  const ports = /\/(?:tcp|udp)$/.test(port) && !text.includes('seawall-list') && !isBehind(steps);
  return ports ? `${trust}; or everyone: seawall public add ${port}` : trust;
}

const FORGED = /127\.0\.0\.0\/8|(?:saddr|daddr|-s|-d) ::1|INVALID|ct state invalid/;

/** Packets to a container's own address: ports are public at the machine's addresses alone. */
const isBehind = (steps: Explanation['steps']): boolean =>
  steps.some(({ chain, matched }) => matched !== false && chain.startsWith('SEAWALL-BEHIND'));
