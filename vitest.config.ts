import { defineConfig, type Plugin } from 'vitest/config';

/** As the bundler does: a shell script that is imported is its text. */
const shellScripts: Plugin = {
  name: 'shell-scripts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.sh') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null),
};

export default defineConfig({
  plugins: [shellScripts],
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'packets',
          include: ['test/packets/**/*.test.ts'],
          // One world at a time: the tests share two cores and the probes measure moments.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
