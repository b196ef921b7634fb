/**
 * `npm run bench`: sets up what is missing, builds, measures. Words behind `--` choose: npm run bench -- 5 6
 * The worlds of the benchmarks need root, as the lab does.
 */
import { spawnSync } from 'node:child_process';
import { setup } from './setup.mjs';

setup();
const { BUNDLE } = await import('./build.mjs');
// Not before setup: on a fresh machine there is no esbuild yet.
const { build } = await import('esbuild');
await build({
  ...BUNDLE,
  // The lab bundles its own programs when it runs.
  external: ['esbuild'],
  entryPoints: {
    main: 'bench/main.ts',
    'read-state': 'bench/instruments/read-state.ts',
    sender: 'bench/instruments/sender.ts',
  },
  outdir: 'dist/bench',
  outExtension: { '.js': '.mjs' },
});
const { status, signal } = spawnSync(process.execPath, ['dist/bench/main.mjs', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);
