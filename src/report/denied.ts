import { formatAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import type { Colours } from './colours.ts';
import { counted } from './text.ts';

interface Shown {
  readonly address: Address;
  readonly protocol: string;
  readonly port: number;
  readonly packets: number;
  readonly since: number;
  readonly last: number;
  readonly owner: string | undefined;
}

const MOST = 50;
const CELLS = [39, 9, 8, 11, 11] as const;

/** Who was turned away, the most insistent first. */
export function deniedReport(entries: readonly Shown[], { bold }: Colours): string {
  const rows = entries
    .slice(0, MOST)
    .map((each) => [
      formatAddress(each.address),
      `${each.port}/${each.protocol}`,
      String(each.packets),
      agoText(each.since),
      agoText(each.last),
      each.owner ?? 'nobody',
    ]);
  const [first] = entries;
  return [
    bold(line(['from', 'port', 'packets', 'first', 'last', 'whose port'])),
    ...rows.map(line),
    ...(entries.length > MOST ? [`and ${counted(entries.length - MOST, 'more', 'more')}: seawall denied --json`] : []),
    ...(first ? ['', `To let one in: seawall trust add ${formatAddress(first.address)}`] : []),
  ].join('\n');
}

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cell.padEnd(CELLS[at] ?? 0))
    .join(' ')
    .trimEnd();

const agoText = (seconds: number): string =>
  seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
