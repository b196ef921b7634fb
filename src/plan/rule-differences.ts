/** Pairs of rules that are compared one by one at most; beyond that only the number of rules is told. */
const MOST_PAIRS = 4_000_000;

/** A rule and its place, counted from 1. */
interface Placed {
  readonly text: string;
  readonly place: number;
}

/** What is wrong with a chain's rules, in words; nothing if they are the same in the same order. */
export function ruleDifferences(wanted: readonly string[], there: readonly string[]): string[] {
  const [before, after] = withoutSameEnds(wanted, there);
  if (before.length === 0 && after.length === 0) return [];
  if (isReordered(before, after)) return [reordered(before, after)];
  if (before.length * after.length > MOST_PAIRS)
    return [`it has ${there.length} rules that differ from the ${wanted.length} it should have`];
  const kept = commonPart(before, after);
  const missing = before.filter(({ place }) => !kept.wanted.has(place));
  const surplus = after.filter(({ place }) => !kept.there.has(place));
  return [...movedOrMissing(missing, surplus), ...surplusTexts(missing, surplus, wanted)];
}

/** Most of a chain is as it should be: only what lies between the same start and the same end is looked at closely. */
function withoutSameEnds(wanted: readonly string[], there: readonly string[]): [Placed[], Placed[]] {
  const least = Math.min(wanted.length, there.length);
  let start = 0;
  while (start < least && wanted[start] === there[start]) start++;
  let end = 0;
  while (end < least - start && wanted.at(-1 - end) === there.at(-1 - end)) end++;
  const middle = (texts: readonly string[]): Placed[] =>
    texts.slice(start, texts.length - end).map((text, index) => ({ text, place: start + index + 1 }));
  return [middle(wanted), middle(there)];
}

const sortedTexts = (rules: readonly Placed[]): string =>
  rules
    .map(({ text }) => text)
    .toSorted()
    .join('\n');

const isReordered = (wanted: readonly Placed[], there: readonly Placed[]): boolean =>
  wanted.length === there.length && sortedTexts(wanted) === sortedTexts(there);

function reordered(wanted: readonly Placed[], there: readonly Placed[]): string {
  const places = wanted.filter(({ text }, index) => text !== there[index]?.text).map(({ place }) => place);
  const [first, last] = [places.slice(0, -1), places.at(-1)];
  const shown = places.length <= 6 ? `${first.join(', ')} and ${last}` : `${places[0]} to ${last}`;
  return `rules ${shown} are in another order`;
}

interface Common {
  readonly wanted: ReadonlySet<number>;
  readonly there: ReadonlySet<number>;
}

/** The longest part of both in the same order: what is not in it was put in, taken out or moved. */
function commonPart(wanted: readonly Placed[], there: readonly Placed[]): Common {
  const width = there.length + 1;
  const lengths = new Uint32Array((wanted.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = wanted.length - 1; row >= 0; row--)
    for (let column = there.length - 1; column >= 0; column--)
      lengths[row * width + column] =
        wanted[row]?.text === there[column]?.text
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const common = { wanted: new Set<number>(), there: new Set<number>() };
  for (let row = 0, column = 0; row < wanted.length && column < there.length;) {
    const [left, right] = [wanted[row], there[column]];
    if (left && right && left.text === right.text) {
      common.wanted.add(left.place);
      common.there.add(right.place);
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  return common;
}

const movedOrMissing = (missing: readonly Placed[], surplus: readonly Placed[]): string[] =>
  missing.map(({ text, place }) => {
    const moved = surplus.find((rule) => rule.text === text);
    return moved ? `rule ${place} stands at place ${moved.place}: ${text}` : `rule ${place} is missing: ${text}`;
  });

function surplusTexts(missing: readonly Placed[], surplus: readonly Placed[], wanted: readonly string[]): string[] {
  return surplus
    .filter(({ text }) => !missing.some((rule) => rule.text === text))
    .map(({ text, place }) =>
      wanted.includes(text)
        ? `rule ${place} stands there once too often: ${text}`
        : `rule ${place} is not ours: ${text}`,
    );
}
