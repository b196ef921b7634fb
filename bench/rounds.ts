import { median } from './statistics.ts';

/** One round of one arm: a number for everything that it measures. */
export type Sample<Thing extends string> = Readonly<Record<Thing, number>>;

/** What is measured side by side, by name. */
export type Arms<Arm extends string, Thing extends string> = Readonly<
  Record<Arm, () => Sample<Thing> | Promise<Sample<Thing>>>
>;

/** The samples of every arm, one a round. */
export class Samples<Arm extends string, Thing extends string> {
  readonly #rounds: readonly Readonly<Record<Arm, Sample<Thing>>>[];

  constructor(rounds: readonly Readonly<Record<Arm, Sample<Thing>>>[]) {
    this.#rounds = rounds;
  }

  get count(): number {
    return this.#rounds.length;
  }

  median(arm: Arm, thing: Thing): number {
    return median(this.#rounds.map((round) => round[arm][thing]));
  }

  /** The sum over all rounds, for things that are counted. */
  sum(arm: Arm, thing: Thing): number {
    return this.#rounds.reduce((sum, round) => sum + round[arm][thing], 0);
  }

  /** The median of the rounds' own ratios: what disturbs a whole round disturbs both sides of its ratio. */
  ratio(arm: Arm, control: Arm, thing: Thing): number {
    return median(this.#rounds.map((round) => round[arm][thing] / round[control][thing]));
  }
}

/**
 * Measures all arms in every round, in the order A B C, C B A, A B C …: what drifts hits all of them alike. The first
 * round warms up and isn't counted.
 */
export async function paired<Arm extends string, Thing extends string>(
  arms: Arms<Arm, Thing>,
  rounds: number,
): Promise<Samples<Arm, Thing>> {
  const names = Object.keys(arms) as Arm[];
  const kept: Record<Arm, Sample<Thing>>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const found: Partial<Record<Arm, Sample<Thing>>> = {};
    for (const name of round % 2 === 0 ? names : names.toReversed()) found[name] = await arms[name]();
    if (round > 0) kept.push(found as Record<Arm, Sample<Thing>>);
  }
  return new Samples(kept);
}

/** Rounds for an effort of 1, scaled; never so few that a median means nothing. */
export const scaled = (rounds: number, effort: number): number => Math.max(3, Math.round(rounds * effort));
