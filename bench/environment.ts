/** Variables that change what a start of Node costs, or which Docker is asked; a service has none of them. */
const DISTURBING = [
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_COMPILE_CACHE',
  'NODE_V8_COVERAGE',
  'NODE_PATH',
  'DOCKER_HOST',
];

/** This process's environment without what distorts measurements; `undefined` removes a variable for `world.seawall`. */
export const WITHOUT_DISTURBING: Readonly<Record<string, undefined>> = Object.fromEntries(
  DISTURBING.map((name) => [name, undefined]),
);

export const cleanEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, ...WITHOUT_DISTURBING });
