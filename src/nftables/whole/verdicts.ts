import type { RuleAction } from '../../ruleset/netfilter.ts';
import { objectOf, textOf, type Json } from './json.ts';
import { printValue } from './print-values.ts';

const PLAIN: ReadonlyMap<string, RuleAction> = new Map<string, RuleAction>([
  ['accept', { kind: 'accept' }],
  ['drop', { kind: 'drop' }],
  ['return', { kind: 'return' }],
  ['continue', { kind: 'continue' }],
]);

/** `{"drop": null}`, `{"jump": {"target": "x"}}`, `{"reject": …}` */
export function verdictOf(kind: string, inner: Json): RuleAction | undefined {
  const plain = PLAIN.get(kind);
  if (plain) return plain;
  const object = objectOf(inner);
  const chain = textOf(object['target']);
  if ((kind === 'jump' || kind === 'goto') && chain !== undefined) return { kind, chain };
  if (kind !== 'reject') return undefined;
  const words = [
    object['type'] ?? 'icmpx',
    object['expr'] ?? (object['type'] === undefined ? 'port-unreachable' : undefined),
  ];
  return {
    kind: 'reject',
    with: words
      .filter((word) => word !== undefined)
      .map(printValue)
      .join(' '),
  };
}
