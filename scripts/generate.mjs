// `npm run generate`: renews the files that are made from the source: man page, completions, JSON Schema.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE } from './build.mjs';

const outfile = join(import.meta.dirname, '..', 'dist', 'generate.mjs');
await build({ ...BUNDLE, entryPoints: ['scripts/generate.ts'], outfile });
await import(pathToFileURL(outfile).href);
rmSync(outfile);
