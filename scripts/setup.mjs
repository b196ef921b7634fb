#!/usr/bin/env node
/**
 * Makes a fresh Debian machine ready for Seawall's tests, demo and benchmarks: npm packages by the lock file, and the
 * Debian packages whose programs are missing. Says what it is about to install and why; says nothing if all is there.
 * Plain JavaScript without dependencies, because it runs before there are any.
 *
 *     node scripts/setup.mjs             # both
 *     node scripts/setup.mjs --npm-only  # no Debian packages: enough to build and for the tests without packets
 */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { readSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Debian package → the programs that are looked for, and what they are for. */
const PACKAGES = [
  { name: 'docker.io', programs: ['dockerd', 'containerd', 'runc', 'docker-proxy'], why: 'a real Docker Engine' },
  { name: 'iptables', programs: ['iptables-nft', 'iptables-legacy', 'ip6tables-restore'], why: 'firewall rules' },
  { name: 'ipset', programs: ['ipset'], why: 'address sets' },
  { name: 'nftables', programs: ['nft'], why: 'the nftables backend' },
  { name: 'conntrack', programs: ['conntrack'], why: 'cutting open connections' },
  { name: 'busybox-static', programs: ['busybox'], usable: isStatic, why: 'what runs in the test containers' },
  { name: 'iproute2', programs: ['ip', 'ss'], why: 'namespaces, links and routes' },
  { name: 'util-linux', programs: ['nsenter', 'unshare'], why: 'entering namespaces' },
  { name: 'mount', programs: ['mount', 'umount'], why: 'mounts of the test machines' },
  { name: 'openssh-server', programs: ['sshd'], why: 'a real SSH session to be cut off' },
  { name: 'openssh-client', programs: ['ssh', 'ssh-keygen'], why: 'its other end' },
  { name: 'systemd', programs: ['systemd-analyze'], why: 'checking the unit files' },
];

/**
 * What an installer must not start: a dockerd outside the lab's namespaces would change this machine's firewall, and an
 * sshd would let people in.
 */
const SERVICES = {
  'docker.io': ['docker.service', 'docker.socket', 'containerd.service'],
  'openssh-server': ['ssh.service'],
};
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# made by seawall setup for the time of one installation';

/**
 * Brings in what is missing. `packages: false` leaves the Debian packages out.
 * @param {{packages?: boolean, root?: string, say?: (line: string) => void}} [options]
 * @returns {{npm: boolean, packages: string[]}} what was installed
 * @throws {Error} with the way out in its message
 */
export function setup({ packages = true, root = ROOT, say = console.error } = {}) {
  const missing = packages ? missingPackages() : [];
  if (missing.length > 0) installPackages(missing, say);
  const npm = npmIsBehind(root);
  if (npm) installNpm(root, say);
  return { npm, packages: missing.map(({ name }) => name) };
}

/** The packages of which a program is missing, each with the names of those programs. */
export function missingPackages() {
  return PACKAGES.map(({ name, programs, usable = () => true, why }) => {
    const absent = programs.filter((program) => !findProgram(program).some(usable));
    return { name, absent, why };
  }).filter(({ absent }) => absent.length > 0);
}

function findProgram(program) {
  const places = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return places
    .split(':')
    .filter((place) => place !== '')
    .map((place) => join(place, program))
    .filter(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A program that names no loader needs no libraries, and so runs in an image that holds nothing else. */
function isStatic(path) {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  readSync(file, head);
  closeSync(file);
  return !head.includes('/ld-') && !head.includes('ld-linux');
}

function installPackages(missing, say) {
  say(`Seawall's test lab needs ${missing.length} more Debian package${missing.length === 1 ? '' : 's'}:`);
  for (const { name, absent, why } of missing) say(`  ${name}: ${why} (no ${absent.join(', ')} here)`);
  const names = missing.map(({ name }) => name);
  const byHand = `apt-get install --no-install-recommends ${names.join(' ')}`;
  if (findProgram('apt-get').length === 0) throw new Error('no apt-get here: please install these programs yourself');
  if (process.getuid?.() !== 0) throw new Error(`only root can install them: sudo ${byHand}`);
  withoutStartingServices(() => {
    say('apt-get update');
    // An outdated list may still do; the installation is what decides.
    run('apt-get', ['-q', 'update']);
    say(byHand);
    const status = run('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...names]);
    if (status !== 0) throw new Error(`apt-get failed (its words are above). By hand: ${byHand}`);
  });
  keepOff(names.flatMap((name) => SERVICES[name] ?? []));
  const still = missingPackages();
  if (still.length > 0) throw new Error(`still missing: ${still.flatMap(({ absent }) => absent).join(', ')}`);
}

/** Debian asks this program before it starts a service; 101 means "don't". A policy that is there comes back. */
function withoutStartingServices(action) {
  const aside = `${POLICY}.seawall-setup`;
  const restore = () => {
    rmSync(POLICY, { force: true });
    if (existsSync(aside)) renameSync(aside, POLICY);
  };
  const interrupted = () => {
    restore();
    process.exit(130);
  };
  // One with our mark was left by a run that was killed.
  if (existsSync(POLICY) && !readFileSync(POLICY, 'utf8').includes(MARK)) renameSync(POLICY, aside);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    writeFileSync(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`);
    chmodSync(POLICY, 0o755);
    action();
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    restore();
  }
}

/** It was installed for the lab, so it isn't to come up by itself with the next boot either. */
function keepOff(services) {
  if (services.length === 0 || findProgram('systemctl').length === 0) return;
  spawnSync('systemctl', ['disable', ...services], { stdio: 'ignore' });
}

/** True where node_modules is missing or was installed from an older lock file. */
export function npmIsBehind(root = ROOT) {
  const installed = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs;
}

function installNpm(root, say) {
  say('npm ci: node_modules is missing or older than package-lock.json');
  const status = run('npm', ['ci', '--no-audit', '--no-fund'], root);
  if (status !== 0) throw new Error(`npm ci failed (its words are above), in ${root}`);
}

/** All of a child's output goes to standard error: standard output belongs to whoever called. */
function run(program, args, cwd = ROOT) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, args, { cwd, env, stdio: ['ignore', 2, 2] }).status;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    setup({ packages: !process.argv.includes('--npm-only') });
  } catch (error) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
}
