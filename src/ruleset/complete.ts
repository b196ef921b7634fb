import type { Rule } from './match.ts';
import type { Chain, FamilyRules } from './ruleset.ts';

/**
 * Whether nothing is missing that the rules speak of, no chain leads back to itself, and the packets come by: half of a
 * ruleset would judge them by the sets of another one, or not at all.
 */
export function isComplete({ chains, sets, hooks }: FamilyRules): boolean {
  const [chainNames, setNames] = [chains, sets].map((all) => new Set(all.map(({ name }) => name)));
  const rules = [
    ...chains.flatMap((chain) => chain.rules),
    ...hooks.map(({ match }): Rule => ({ match, action: PASS })),
  ];
  const targets = [...chains.flatMap(targetsOf), ...hooks.map(({ chain }) => chain)];
  const points = new Set(hooks.map(({ point }) => point));
  return (
    rules.flatMap(setsOf).every((name) => setNames?.has(name)) &&
    targets.every((name) => chainNames?.has(name)) &&
    points.size === hooks.length &&
    points.has('prerouting') &&
    points.has('forward') &&
    hasEnd(chains)
  );
}

const PASS = { kind: 'return' } as const;

const setsOf = ({ match, action }: Rule): string[] => [
  ...match.flatMap((each) => (each.kind === 'in-set' ? [each.set] : [])),
  ...(action.kind === 'note' || action.kind === 'renew' ? [action.set] : []),
];

const targetsOf = ({ rules }: Chain): string[] =>
  rules.flatMap(({ action }) => (action.kind === 'jump' || action.kind === 'goto' ? [action.chain] : []));

/** Takes away the chains that lead nowhere any more, until none is left: a circle would stay. */
function hasEnd(chains: readonly Chain[]): boolean {
  const names = new Set(chains.map(({ name }) => name));
  const rest = chains.filter((chain) => targetsOf(chain).some((name) => names.has(name)));
  return rest.length === 0 || (rest.length < chains.length && hasEnd(rest));
}
