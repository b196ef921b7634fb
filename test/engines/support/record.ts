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

/** What is asked with recorded rules in place. */
export const RECORDED_PROMISE = 'strangers are shut out, others are not, and the recorded rules stay as they were';

/** Written before the test judges, so that a promise that was broken is in the table too. */
export function record(line: Line): void {
  const file = process.env['SEAWALL_ENGINES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
