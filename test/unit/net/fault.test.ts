import { expect, test } from 'vitest';
import { describeFault, FAULTS } from '../../../src/net/fault.ts';

test('every fault has a clause of its own that continues a quoted text', () => {
  const clauses = FAULTS.map(describeFault);
  expect(new Set(clauses).size).toBe(FAULTS.length);
  for (const clause of clauses) expect(clause).toMatch(/^(is|has|does|names|covers) .*[^.]$/);
});
