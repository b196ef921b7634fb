/** Edits of one character, and swaps of two neighbours, that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const [before = [], previous = []] = [rows[i - 2], rows[i - 1]];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const best = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(swapped ? Math.min(best, (before[j - 2] ?? 0) + 1) : best);
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}

/** Longer than this, nobody mistyped one of our words. */
const LONGEST = 30;

/** The word that was probably meant: the nearest one, if not more than a third of it differs. */
export function nearest(text: string, words: readonly string[]): string | undefined {
  if (text.length > LONGEST) return undefined;
  const typed = text.toLowerCase();
  const ranked = words
    .map((word) => ({ word, distance: editDistance(typed, word.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}
