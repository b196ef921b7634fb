/**
 * Makes dist/seawall.mjs: one file, runnable by node, with nothing beside it, and quick to start.
 *
 * - Node's parser looks at every function of a file before it runs the first line, 40 us a KiB: more than all else that
 *   `seawall --version` does. So the program stands in a comment, which is skipped, and is compiled when it is needed.
 * - Parts of Node are loaded when they are first used: half of a start is the loading of what it doesn't need.
 * - dist/seawall.cache is the compiled form, 18 ms a start. It may be missing, and only ever counts for this very
 *   program and for the version of Node that made it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));

/**
 * Runs first. `parts` stands for Node's modules: an object a module, which loads it when the first name is read.
 * V8 tells a cache of another version of itself, but not of another program: that is for the id.
 */
const HEAD = `#!/usr/bin/env node
const load = process.getBuiltinModule;
const fs = load('node:fs');
if (process.argv.length === 3 && /^(--version|-V)$/.test(process.argv[2])) {
  fs.writeSync(1, ${JSON.stringify(`seawall ${version}\n`)});
  process.exit();
}
const filename = import.meta.filename;
const text = fs.readFileSync(filename, 'latin1');
const at = text.indexOf('\\n/*ID ') + 38;
const cache = (() => {
  try {
    const bytes = fs.readFileSync(filename.replace(/mjs$/, 'cache'));
    return bytes.latin1Slice(0, 32) === text.slice(at - 32, at) ? bytes.subarray(32) : undefined;
  } catch {
    return undefined;
  }
})();
const parts = (name) => new Proxy({}, { get: (_, key) => load(name)[key] });
const program = '(function(require){' + text.slice(at, -3).replaceAll('*\\x01/', '*/') + '})';
const lineOffset = text.slice(0, at).split('\\n').length - 1;
const script = new (load('node:vm').Script)(program, { filename, lineOffset, cachedData: cache });
script.runInThisContext()(parts);
/*ID `;

const { outputFiles } = await build({
  ...BUNDLE,
  format: 'cjs',
  banner: {},
  // In CommonJS an import becomes a call of \`require\` where it is needed; a function has no imports of its own.
  supported: { 'dynamic-import': false },
  charset: 'ascii',
  // The same library as modules, of which only the used ones come along.
  alias: { yaml: fileURLToPath(new URL('../node_modules/yaml/browser/dist/index.js', import.meta.url)) },
  entryPoints: ['src/main.ts'],
  write: false,
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  lineLimit: 120,
  legalComments: 'none',
});
const program = outputFiles[0].text;
const id = createHash('sha256').update(program).digest('hex').slice(0, 32);
await mkdir('dist', { recursive: true });
await replace(OUTPUT, `${HEAD}${id}${program.replaceAll('*/', '*\x01/')}*/\n`, 0o755);
warmUp();

/** Others may be running the old one at this moment. */
async function replace(file, text, mode) {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}

/** The program works without the cache, so what goes wrong here is only told. */
function warmUp() {
  const plain = `${OUTPUT}.plain`;
  writeFileSync(plain, `(function(require){${program}})`);
  const words = ['scripts/warm-up.mjs', plain, resolve(OUTPUT), id, OUTPUT.replace(/mjs$/, 'cache')];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { status, stderr } = spawnSync(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  rmSync(plain);
  if (status !== 0) process.stderr.write(`build: no dist/seawall.cache, so it starts slower: ${stderr}\n`);
}
