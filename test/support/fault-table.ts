import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../lab/repository.ts';

/** What a test found when it injected a fault; `npm run reliability` makes the table of docs/reliability.md of these. */
export interface FaultRow {
  /** The number of the fault in the list of faults to survive. */
  readonly number: number;
  readonly fault: string;
  /** At which steps, or how, it was injected. */
  readonly injected: string;
  /** How many times it was injected. */
  readonly times: number;
  /** Packets of strangers that got in; undefined where no packets were sent. */
  readonly leaked?: number;
  /** Packets or connections of the trusted that were lost; undefined where none were sent. */
  readonly lost?: number;
  /** After how many of them the next run brought everything to what it should be. */
  readonly converged: number;
}

const FOLDER = join(repositoryRoot(), 'dist');

/** Call it at the end of a test that has passed its own expectations. */
export function recordFault(row: FaultRow): void {
  mkdirSync(FOLDER, { recursive: true });
  const by = process.env['SEAWALL_TEST_BACKEND'];
  const told = by === undefined ? row : { ...row, fault: `${row.fault}, by ${by}` };
  appendFileSync(join(FOLDER, 'faults.jsonl'), `${JSON.stringify(told)}\n`);
}
