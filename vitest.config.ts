import { defineConfig, type Plugin } from 'vitest/config';

/** As the bundler does: a shell script that is imported is its text. */
const shellScripts: Plugin = {
  name: 'shell-scripts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.sh') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null),
};

const PACKETS = ['test/packets/**/*.test.ts'];
/** Tests under floods, or against deadlines of seconds, or of what one world does to the leftovers of another. */
const MOMENTS = [
  'confirm*',
  'demo',
  'faults',
  'faults-docker*',
  'lab-leaves',
  'lab-streams',
  'moments*',
  'revoke*',
  'ssh-undo',
  'tracking-full',
  'transaction',
  'undo',
  'variants',
  'writers',
].map((name) => `test/packets/${name}.test.ts`);
/** Tests of packets that are run for nftables as well, by what they measure. (Others measure both backends by themselves.) */
const OF_EITHER = [
  'audit-commands',
  'matrix-forged',
  'matrix-icmp',
  'odd-bridges',
  'odd-packets',
  'odd-protocols',
  'revoke-hard',
  'swarm',
].map((name) => `test/packets/${name}.test.ts`);
const LONG = { testTimeout: 120_000, hookTimeout: 240_000 };
const ENGINES = {
  extends: true as const,
  test: {
    name: 'engines',
    include: ['test/engines/**/*.test.ts'],
    fileParallelism: false,
    ...LONG,
    sequence: { groupOrder: 4 },
  },
};

export default defineConfig({
  plugins: [shellScripts],
  test: {
    setupFiles: ['test/support/fixed-seed.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'packets',
          include: PACKETS,
          exclude: MOMENTS,
          // Each test file has a world of its own, and waits in it for packets that don't come.
          maxWorkers: 3,
          ...LONG,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'nftables',
          include: OF_EITHER,
          env: { SEAWALL_TEST_BACKEND: 'nftables' },
          maxWorkers: 3,
          ...LONG,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'moments',
          include: MOMENTS,
          // One world at a time: the tests share two cores and the probes measure moments.
          fileParallelism: false,
          ...LONG,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'moments-nftables',
          include: ['test/packets/transaction.test.ts'],
          env: { SEAWALL_TEST_BACKEND: 'nftables' },
          fileParallelism: false,
          ...LONG,
          sequence: { groupOrder: 3 },
        },
      },
      // Downloads other engines and takes its time: only `npm run test:engines` asks for it.
      ...(process.env['SEAWALL_ENGINES'] === undefined ? [] : [ENGINES]),
    ],
  },
});
