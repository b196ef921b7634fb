import type { Option } from './command.ts';

export const DEFAULT_CONFIG = '/etc/seawall/seawall.yaml';
export const DEFAULT_STATE = '/var/lib/seawall';

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  { name: 'config', value: 'FILE', summary: `the config (default ${DEFAULT_CONFIG})` },
  { name: 'state-dir', value: 'DIR', summary: `where state is kept (default ${DEFAULT_STATE})` },
  { name: 'json', summary: 'print JSON, with a schemaVersion' },
  { name: 'quiet', summary: 'print results and errors only' },
  { name: 'help', summary: 'explain the command' },
];

/** Environment variables that are read, and what they mean. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['DOCKER_HOST', 'where Docker is asked (default unix:///var/run/docker.sock)'],
  ['NO_COLOR', 'if set, no colour'],
  ['SSH_CONNECTION', 'the session that must not be cut off'],
];

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done, and nothing to say'],
  [1, 'an error'],
  [2, 'differences or findings (plan, status, doctor, audit, diff)'],
  [3, 'refused by a safety guard'],
  [4, 'rolled back'],
];
