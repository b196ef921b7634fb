// Makes dist/seawall.mjs: one file, runnable by node, with nothing beside it.
import { chmod } from 'node:fs/promises';
import { build } from 'esbuild';

/** What both the shipped program and the lab's own programs are bundled with. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  loader: { '.sh': 'text' },
  // Some dependencies still ask for `require`.
  banner: {
    js: "import { createRequire as seawallRequire } from 'node:module';\nconst require = seawallRequire(import.meta.url);",
  },
  logLevel: 'warning',
};

const OUTPUT = 'dist/seawall.mjs';
await build({
  ...BUNDLE,
  entryPoints: ['src/main.ts'],
  outfile: OUTPUT,
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
});
await chmod(OUTPUT, 0o755);
