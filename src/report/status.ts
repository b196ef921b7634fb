import type { PolicyChange } from '../plan/changes.ts';
import type { DockerFacts } from '../policy/facts.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { Family } from '../net/family.ts';
import type { Colours } from './colours.ts';
import { counted, grouped, wrap } from './text.ts';
import { type DifferenceFacts, differenceHead, driftLines, meaningLines } from './difference.ts';
import { type UndoneFacts, undoneText } from './undone.ts';

export interface StatusFacts {
  readonly state: 'as-configured' | 'differs' | 'off';
  /** A hook is missing: the packets that come by there aren't judged. */
  readonly halfHooked: boolean;
  readonly changes: readonly PolicyChange[];
  readonly repairs: number;
  /** Undefined where nothing differs. */
  readonly difference: DifferenceFacts | undefined;
  /** `older`: the next boot would load another policy than the config's. */
  readonly boot: 'ready' | 'older' | 'missing' | 'damaged';
  readonly unfinished: UnfinishedFacts;
  readonly families: readonly FamilyStatus[];
  readonly backend: { readonly backend: Backend; readonly why: string };
  readonly docker: DockerFacts;
  readonly internal: readonly string[];
  readonly outer: readonly string[];
}

/** What of changes is not at its end; apply/standing.ts reads it. */
export interface UnfinishedFacts {
  readonly pending: { readonly generation: number; readonly by: string; readonly left: number } | 'damaged' | undefined;
  readonly underWay: string | undefined;
  readonly undone: UndoneFacts | undefined;
}

export interface FamilyStatus {
  readonly family: Family;
  readonly trusted: number;
  readonly blocked: number;
  readonly rules: number;
  readonly dropped: number;
}

const CELL = 11;

export function statusReport(facts: StatusFacts, colours: Colours): string {
  const row = (name: string, text: string): string =>
    `  ${name.padEnd(CELL)}${wrap(text, ' '.repeat(CELL + 2)).trimStart()}`;
  return [
    headline(facts, colours),
    ...(facts.state === 'off' ? [] : facts.families.map((family) => row(`IPv${family.family}`, familyText(family)))),
    row('backend', `${facts.backend.backend}, ${facts.backend.why}`),
    row('Docker', dockerText(facts.docker)),
    row('internal', facts.internal.join(', ')),
    row('outer', facts.outer.join(', ') || 'none'),
    row('at boot', bootText(facts)),
    ...unfinishedLines(facts.unfinished, colours),
    ...differenceLines(facts, colours),
  ].join('\n');
}

function headline({ state, halfHooked, difference }: StatusFacts, { green, red, yellow }: Colours): string {
  if (state === 'off')
    return red('Seawall does not stand: this machine is as open as Docker leaves it. Close it: seawall apply');
  if (halfHooked) return red('Seawall stands in part only: some packets pass it by! Heal it: seawall apply');
  if (difference) return yellow(`Seawall stands, ${differenceHead(difference)}`);
  return green('Seawall stands, as the config says.');
}

const familyText = ({ trusted, blocked, rules, dropped }: FamilyStatus): string =>
  `${counted(trusted, 'trusted prefix', 'trusted prefixes')}, ${grouped(blocked)} blocked, ${counted(rules, 'rule')}, ${counted(dropped, 'packet')} dropped`;

function dockerText({ seen, version, networks, swarm }: DockerFacts): string {
  if (seen === 'unknown') return 'never seen on this machine';
  const bridges = networks.filter(({ bridge }) => bridge !== undefined).length;
  const macvlan = networks.filter(({ driver }) => driver === 'macvlan' || driver === 'ipvlan').length;
  return [
    `${version ?? 'version unknown'}${seen === 'remembered' ? ' (not answering; as last seen)' : ''}`,
    counted(bridges, 'bridge network'),
    ...(swarm ? ['swarm'] : []),
    ...(macvlan > 0
      ? [`${counted(macvlan, 'macvlan or ipvlan network')}: out of reach of any firewall on this host`]
      : []),
  ].join(', ');
}

const bootText = ({ boot, unfinished }: StatusFacts): string =>
  boot === 'older' && unfinished.pending ? 'what was confirmed before is ready to load' : BOOT[boot];

const BOOT: Readonly<Record<StatusFacts['boot'], string>> = {
  ready: 'the same rules are ready to load',
  older: 'an earlier policy is ready to load; the next apply renews it',
  missing: 'nothing is ready: apply writes it',
  damaged: 'the files are damaged, so the minimum would load; apply writes them anew',
};

function unfinishedLines({ pending, underWay, undone }: UnfinishedFacts, { bold, yellow }: Colours): string[] {
  const lines: string[] = [];
  if (pending === 'damaged')
    lines.push(yellow('An unconfirmed change is recorded, but the record is damaged: seawall rollback'));
  else if (pending) {
    const when =
      undone?.result === 'failed'
        ? 'COULD NOT BE UNDONE, so it stands: seawall rollback'
        : pending.left > 0
          ? `is undone in ${pending.left} s`
          : 'should have been undone by now: seawall rollback';
    lines.push(
      bold(
        `Generation ${pending.generation}, by ${pending.by}, is not confirmed and ${when}. Keep it: seawall confirm`,
      ),
    );
  } else if (undone) lines.push(undoneText(undone));
  if (underWay !== undefined)
    lines.push(yellow(`A change is under way since ${underWay}, or was killed then: seawall apply`));
  return lines.length === 0 ? [] : ['', ...lines.map((line) => wrap(line))];
}

function differenceLines({ state, difference, changes, repairs }: StatusFacts, colours: Colours): string[] {
  if (!difference) return [];
  // Where nothing stands and nothing was applied, everything is missing: there is nothing to tell one by one.
  if (state === 'off') return difference.generation === null ? [] : driftLines(difference, colours);
  return [...driftLines(difference, colours), ...meaningLines(changes, repairs, difference.drift.count > 0, colours)];
}
