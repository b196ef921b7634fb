import type { Colours } from './colours.ts';
import { wrap } from './text.ts';
import { timeText } from './undone.ts';

/** A generation as it is told of; without `meta` its record is damaged. */
export interface HistoryEntry {
  readonly number: number;
  readonly meta:
    | {
        readonly at: string;
        readonly by: string;
        readonly from: string | null;
        readonly message: string | null;
        readonly changes: readonly string[];
      }
    | undefined;
}

/** The newest first. The current one is marked. */
export function historyReport(
  entries: readonly HistoryEntry[],
  current: number | undefined,
  { bold, dim, red }: Colours,
): string {
  const width = Math.max(...entries.map(({ number }) => String(number).length));
  const indent = ' '.repeat(width + 4);
  return entries
    .flatMap(({ number, meta }) => {
      const mark = number === current ? '*' : ' ';
      const head = `${mark} ${String(number).padStart(width)}`;
      if (!meta) return [`${head}  ${red('its record is damaged')}`];
      const who = meta.from === null ? meta.by : `${meta.by} from ${meta.from}`;
      const what = meta.changes.length === 0 ? 'the policy stayed' : meta.changes.join('; ');
      return [
        `${number === current ? bold(head) : head}  ${timeText(meta.at)}  ${who}`,
        ...(meta.message === null ? [] : [wrap(meta.message, indent)]),
        dim(wrap(what, indent)),
      ];
    })
    .join('\n');
}
