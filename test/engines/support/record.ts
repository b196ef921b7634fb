import { appendFileSync } from 'node:fs';

/** One line of docs/compatibility.md; scripts/test-engines.mjs reads them. */
export interface Line {
  readonly engine: string;
  readonly settings: string;
  readonly backend: string;
  readonly promise: string;
  /** What was dialled or sent, in figures. */
  readonly ran: string;
  readonly kept: boolean;
}

/** Written before the test judges, so that a promise that was broken is in the table too. */
export function record(line: Line): void {
  const file = process.env['SEAWALL_ENGINES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
