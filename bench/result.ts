/** What one target came to. A ratio above its limit misses; how far two equal runs lie apart says how sure that is. */
export interface Verdict {
  /** Its number in the table of targets; `rules` for the promise that their number is constant. */
  readonly target: number | 'rules';
  readonly what: string;
  readonly ratio: number;
  readonly limit: number;
  /** The ratio of the control to itself, measured in the same rounds; 1 without any noise. */
  readonly noise?: number;
}

/** A bar of a picture. `usual` is what people use today, `control` what everything is compared with. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly kind: 'seawall' | 'usual' | 'control';
}

/** Bars from 0, with a line where the target's limit is. `file`: its name in docs/pictures, without `bench-` and the ending. */
export interface Picture {
  readonly file: string;
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly limit?: number;
  readonly format: (value: number) => string;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Everything that a measurement has found out. */
export interface Result {
  /** How it was measured, in a few sentences of Markdown. */
  readonly how: string;
  readonly verdicts: readonly Verdict[];
  readonly tables: readonly Table[];
  readonly pictures: readonly Picture[];
  readonly notes: readonly string[];
}

export interface Measurement {
  /** What is asked for by name or by one of the targets' numbers. */
  readonly name: string;
  readonly targets: readonly number[];
  readonly title: string;
  /** `effort`: 1 for figures to publish, less for a look, by which the number of rounds is multiplied. */
  run(effort: number): Promise<Result>;
}

export const holds = ({ ratio, limit }: Verdict): boolean => ratio <= limit;

/** `target 5: ratio 1.18 (target <= 1.25) holds: …` */
export function verdictLine(verdict: Verdict): string {
  const { target, what, ratio, limit, noise } = verdict;
  const word = holds(verdict) ? 'holds' : 'misses';
  const floor = noise === undefined ? '' : ` (noise ${noise.toFixed(3)})`;
  return `target ${target}: ratio ${ratio.toFixed(3)} (target <= ${limit}) ${word}: ${what}${floor}`;
}
