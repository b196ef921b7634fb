import * as v from 'valibot';
import { parseJson } from '../net/json.ts';
import type { Zones } from '../policy/zones.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { bootFiles } from './boot-files.ts';
import { liveFingerprint } from './fingerprint.ts';
import type { LiveState } from './live-state.ts';
import type { Plan } from './plan.ts';
import { restoreSteps } from './restore.ts';
import { standing } from './standing.ts';
import type { Step } from './step.ts';
import { inputText, stepText } from './step-text.ts';
import { readStored } from './stored.ts';

const KIND = 'seawall-plan';

const schema = v.object({
  schemaVersion: v.literal(1),
  kind: v.literal(KIND),
  madeFrom: v.pipe(v.string(), v.hexadecimal()),
  config: v.string(),
  zones: v.object({
    internal: v.array(v.string()),
    except: v.array(v.string()),
    outer: v.array(v.string()),
    bridges: v.array(v.string()),
  }),
  files: v.record(v.string(), v.string()),
});

/** A plan that was kept: what should stand, and the state that it was made from. */
export interface KeptPlan {
  /** The fingerprint of the live state; in any other one the plan means nothing. */
  readonly madeFrom: string;
  readonly config: string;
  readonly zones: Zones;
  readonly target: Ruleset;
}

/**
 * A plan as data, whole and for itself: the target as plain files, and its steps and their undo as text for the kernel's
 * tools, to be read, or to be fed to them by hand.
 */
export function planData(plan: Plan, live: LiveState, config: string, zones: Zones): object {
  const files = bootFiles(plan.target).map(({ name, content }) => [name, textOf(content())]);
  return {
    kind: KIND,
    madeFrom: liveFingerprint(live),
    config,
    zones,
    files: Object.fromEntries(files) as Record<string, string>,
    steps: plan.steps.map(stepData),
    undo: restoreSteps(live, standing(plan.target, plan.backend)).map(stepData),
  };
}

/** Reads what `planData` made; undefined if it is anything else. */
export function readPlan(text: string): KeptPlan | undefined {
  const read = v.safeParse(schema, parseJson(text));
  if (!read.success) return undefined;
  const { madeFrom, config, zones, files } = read.output;
  const target = readStored(new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)])));
  return target && isWrittenAs(target, files) ? { madeFrom, config, zones, target } : undefined;
}

/** Whether the ruleset is all that the files say: what was left out of it in reading was no part of a plan. */
function isWrittenAs(target: Ruleset, files: Readonly<Record<string, string>>): boolean {
  const wanted = bootFiles(target);
  return (
    wanted.length === Object.keys(files).length &&
    wanted.every(({ name, content }) => Object.hasOwn(files, name) && files[name] === textOf(content()))
  );
}

const stepData = (step: Step): object => {
  const text = stepText(step);
  return { tool: text.tool, input: inputText(text) };
};

const decoder = new TextDecoder();
const textOf = (chunks: Iterable<string | Uint8Array>): string =>
  [...chunks].map((chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk))).join('');
