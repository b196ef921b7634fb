import { expect } from 'vitest';
import { type FaultRow, recordFault } from '../../support/fault-table.ts';

/** Counts the tests of a group that came to their end, so that the last one can record them all as one fault. */
export class Passed {
  #count = 0;

  one(): void {
    this.#count++;
  }

  /** Fails unless so many have passed. */
  record(times: number, row: Omit<FaultRow, 'times' | 'converged'>): void {
    expect(this.#count).toBe(times);
    expect(times).toBeGreaterThan(0);
    recordFault({ ...row, times, converged: times });
  }
}
