import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { must } from './command.ts';

/** Debian releases whose Docker can stand beside the system's own. */
export type Release = 'trixie' | 'sid';

// runc is left to the system: it starts itself again as /proc/self/exe and so can't be run by another loader, and it
// knows nothing of firewalls. The others are content with an older glibc.
const PACKAGES = ['docker.io', 'containerd'];

/**
 * That release's Docker: `createWorld({engine: {folders: await otherEngine('sid')}})`. Downloaded and unpacked once
 * into a folder of the user's (`$XDG_CACHE_HOME/seawall-engines`), about 60 MB each, and never installed.
 * @throws CommandError where apt fails, Error where this system has no Debian mirror
 */
export async function otherEngine(release: Release): Promise<string[]> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'seawall-engines', release);
  const root = join(folder, 'root');
  if (!existsSync(root)) await unpack(release, folder, root);
  return ['usr/sbin', 'usr/bin'].map((part) => join(root, part));
}

async function unpack(release: Release, folder: string, root: string): Promise<void> {
  const debs = join(folder, 'debs');
  await mkdir(debs, { recursive: true });
  const options = await privateApt(release, folder);
  await must(['apt-get', ...options, 'update']);
  await must(['sh', '-c', 'cd "$1" && shift && exec apt-get "$@"', 'sh', debs, ...options, 'download', ...PACKAGES]);
  // Whole or not at all: a folder that is there is taken as it is.
  const fresh = `${root}.${process.pid}`;
  for (const name of await readdir(debs)) await must(['dpkg-deb', '-x', join(debs, name), fresh]);
  await rename(fresh, root);
  await rm(debs, { recursive: true });
}

/** apt's options for lists, caches and sources that are not the system's. Its mirror and keyring are. */
async function privateApt(release: Release, folder: string): Promise<string[]> {
  const at = (name: string): string => join(folder, 'apt', name);
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'parts'])
    await mkdir(at(name), { recursive: true });
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(at('sources.list'), `deb [signed-by=${keyring}] ${await mirror()} ${release} main\n`);
  await writeFile(at('status'), '');
  const settings = {
    'Dir::State': at('state'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': at('parts'),
    'Acquire::Languages': 'none',
    // The folder may be one that only its owner reads.
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

async function mirror(): Promise<string> {
  const format = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';
  const lines = (await must(['apt-get', 'indextargets', '--format', format, 'Identifier: Packages'])).split('\n');
  const uri = lines.map((line) => line.split('|')).find(([origin, label]) => origin === 'Debian' && label === 'Debian');
  if (uri?.[2] === undefined) throw new Error('apt knows no Debian mirror here: run apt-get update');
  return uri[2];
}
