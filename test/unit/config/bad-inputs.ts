import { interfaces, portInputs, rules } from './bad/bad-ports-and-rules.ts';
import { addresses, names, repeats } from './bad/bad-sources.ts';
import { structure } from './bad/bad-structure.ts';
import { wholeText } from './bad/bad-text.ts';
import type { BadInput } from './bad/bad-input.ts';

export const BAD_INPUTS: readonly BadInput[] = [
  ...wholeText,
  ...structure,
  ...addresses,
  ...names,
  ...repeats,
  ...portInputs,
  ...rules,
  ...interfaces,
];
