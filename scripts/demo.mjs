#!/usr/bin/env node
/**
 * `npm run demo`: Seawall shown with real packets, in namespaces that are gone afterwards. Plain JavaScript without
 * dependencies, because on a fresh machine there are none yet: it brings in what is missing, builds, and runs demo/.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setup } from './setup.mjs';

const ROOT = join(import.meta.dirname, '..');
const BUNDLED = join(ROOT, 'node_modules/.cache/seawall/demo.mjs');

const HELP = `npm run demo [-- OPTION]

Builds a small internet out of network namespaces: a host with a real Docker Engine, clients around it. Measures with
packets who reaches what without Seawall and with it, through a restart of Docker and back, and removes everything.
It needs Linux and root. Debian packages that are missing are named before they are installed. Takes half a minute.

  --keep     leave the lab up, with the firewall applied, and print how to enter it
  --remove   remove what --keep left up
  --help     this text

Exit code: 0 if every cell is as promised, 1 if not. Colour only on a terminal, and not with NO_COLOR.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(words) {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = words.find((word) => word !== '--keep' && word !== '--remove');
  if (unknown !== undefined) return refuse(`there is no option ${unknown}`, 'npm run demo -- --help lists them');
  const obstacle = obstacleHere();
  if (obstacle !== undefined) return refuse(...obstacle);
  try {
    setup();
  } catch (error) {
    return refuse('this machine could not be made ready', error.message);
  }
  const locked = lockedNamespaces();
  if (locked !== undefined) return refuse(...locked);
  await bundle();
  return words.includes('--keep') ? runDetached(words) : runHere();
}

function refuse(problem, wayOut) {
  process.stderr.write(`demo: ${problem}\n  ${wayOut}\n`);
  return 1;
}

/** What stands in the way from the start, and the way out. */
function obstacleHere() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (process.platform !== 'linux')
    return [
      'its world is built from Linux network namespaces',
      'run it in a Linux virtual machine (Debian 12 or newer)',
    ];
  if (major < 20 || (major === 20 && minor < 19))
    return [
      `this is Node ${process.versions.node}, and 20.19 or newer is needed`,
      'see https://nodejs.org/en/download',
    ];
  if (process.getuid() !== 0)
    return [
      'only root can make network namespaces (your own network is not touched)',
      'sudo env "PATH=$PATH" npm run demo',
    ];
  return undefined;
}

/** Root of a container often may not make namespaces or mounts. */
function lockedNamespaces() {
  const probe = 'mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys';
  const { status, stderr } = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'sh', '-c', probe]);
  if (status === 0) return undefined;
  return [
    `this machine lets root make no network namespaces: ${String(stderr).trim() || 'unshare failed'}`,
    'inside a container: start that one with --privileged, or use a virtual machine',
  ];
}

async function bundle() {
  process.chdir(ROOT);
  const [{ build }, { BUNDLE }] = await Promise.all([import('esbuild'), import('./build.mjs')]);
  await build({ ...BUNDLE, entryPoints: ['demo/main.ts'], outfile: BUNDLED, external: ['esbuild'] });
}

async function runHere() {
  await import(pathToFileURL(BUNDLED).href);
  return process.exitCode;
}

/** In a session of its own, so that it may outlive this process and its terminal as the owner of the lab. */
function runDetached(words) {
  const child = spawn(process.execPath, [BUNDLED, ...words], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
    child.on('message', ({ code }) => {
      child.unref();
      resolve(code);
    });
  });
}
