import { KEYS, SYNONYMS } from './places.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { nearest } from '../suggest.ts';
import type { Mapping } from '../yaml/tree.ts';

/** Reports each key of the mapping that does not belong to its place. */
export function reportUnknownKeys(place: string, { entries }: Mapping, problems: ProblemList): void {
  const known = KEYS[place] ?? [];
  for (const { key, keySpan } of entries) {
    if (known.includes(key)) continue;
    const message = place === '' ? `unknown key ${quoted(key)}` : `unknown key ${quoted(key)} here`;
    problems.error('unknown-key', keySpan, message, wayOut(key, place, known));
  }
}

function wayOut(key: string, place: string, known: readonly string[]): string {
  const meant = nearest(key, known) ?? SYNONYMS.get(key.toLowerCase());
  if (meant !== undefined && known.includes(meant)) return `did you mean ${quoted(meant)}?`;
  const home = Object.keys(KEYS).find(
    (other) => other !== place && !other.endsWith('.*') && KEYS[other]?.includes(key),
  );
  if (home !== undefined) return home === '' ? 'it belongs to the top of the file' : `it belongs under '${home}'`;
  return `write one of: ${known.join(', ')}`;
}
