import { TRUSTED } from '../lab/addresses.ts';
import { PUBLIC } from './rows.ts';

/** What the demo applies: trusted A by its own addresses, trusted B by prefixes it lies in. */
export const CONFIG = `version: 1
trusted:
  - ${TRUSTED.single.v4}          # trusted A
  - ${TRUSTED.single.v6}
  - ${TRUSTED.prefix.v4}       # trusted B lies in here
  - ${TRUSTED.prefix.v6}
public: [${PUBLIC.join(', ')}]
`;

/** The entries that are taken away later on, with their open connections. */
export const TAKEN_AWAY = [TRUSTED.single.v4, TRUSTED.single.v6];
