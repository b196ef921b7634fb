import { V, type Row } from './row.ts';

/** Lists of dashes. */
export const BLOCK: readonly Row[] = [
  [
    'a line and its comment',
    'trusted',
    '192.0.2.1',
    `${V}trusted:\n  # home\n  - 192.0.2.1   # mine\n  - 192.0.2.2 # other\n`,
    `${V}trusted:\n  # home\n  - 192.0.2.2 # other\n`,
  ],
  [
    'the last line',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2\n\nlog: off\n`,
    `${V}trusted:\n  - 192.0.2.1\n\nlog: off\n`,
  ],
  [
    'the last line, without a line end',
    'trusted',
    '192.0.2.2',
    `${V}trusted:\n  - 192.0.2.1\n  - 192.0.2.2`,
    `${V}trusted:\n  - 192.0.2.1`,
  ],
  [
    'the last line, without a line end, CRLF',
    'trusted',
    '192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1',
  ],
  [
    'a line with CRLF',
    'trusted',
    '192.0.2.1',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.1\r\n  - 192.0.2.2\r\n',
    'version: 1\r\ntrusted:\r\n  - 192.0.2.2\r\n',
  ],
  [
    'an entry of two lines',
    'trusted',
    '192.0.2.1',
    `${V}trusted:\n  - # home\n    192.0.2.1\n  - 192.0.2.2\n`,
    `${V}trusted:\n  - 192.0.2.2\n`,
  ],
  [
    'the only line',
    'trusted',
    '192.0.2.1',
    `${V}trusted:   # who\n  # home\n  - 192.0.2.1 # mine\nlog: off\n`,
    `${V}trusted: []   # who\n  # home\nlog: off\n`,
  ],
  ['the only line, without a line end', 'trusted', '192.0.2.1', `${V}trusted:\n- 192.0.2.1`, `${V}trusted: []`],
];
