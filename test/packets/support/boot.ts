import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { Snapshot } from '../../../lab/snapshot.ts';
import { type World, mustExec } from '../../../lab/world.ts';

/** Shells that a machine may have as /bin/sh. busybox brings its own sed, grep and sha256sum. */
export const SHELLS = { sh: ['sh'], dash: ['dash'], 'busybox ash': ['busybox', 'ash'] } as const;
export type Shell = keyof typeof SHELLS;

export interface Booted {
  readonly code: number | null;
  readonly stderr: string;
}

/** What a machine without Node and Docker lacks; `SSH_PORT` stands in sshd_config, where there is such a folder. */
const WITHOUT = `
for name in node nodejs docker dockerd containerd docker-proxy $MISSING; do
  for file in $(which -a $name) /usr/local/bin/$name; do
    [ -e "$file" ] && mount --bind /dev/null "$file"
  done
done
[ -n "$(which node)" ] && node --version >/dev/null 2>&1 && exit 99
if [ -d /etc/ssh ]; then mount -t tmpfs tmpfs /etc/ssh; echo "Port $SSH_PORT" >/etc/ssh/sshd_config; fi
exec "$@"
`;

export interface BootOptions {
  readonly shell?: Shell;
  /** A tool that this machine lacks, too. */
  readonly missing?: string;
  /** Default: the one in the state folder. */
  readonly script?: string;
}

/** Replays the boot on a world's host, without Node and Docker. */
export async function boot(world: World, state: string, options: BootOptions = {}): Promise<Booted> {
  const { shell = 'sh', missing = '', script = join(state, 'boot/load.sh') } = options;
  const argv = ['unshare', '--mount', 'sh', '-c', WITHOUT, 'sh', ...SHELLS[shell], script, state];
  const { code, stderr } = await world.exec('host', argv, { env: { MISSING: missing, SSH_PORT: '22' } });
  return { code, stderr };
}

/** Takes everything out of the host's kernel, as a reboot does. */
export async function emptyKernel(world: World): Promise<void> {
  await mustExec(world, 'host', ['sh', '-c', 'nft flush ruleset; ipset flush; ipset destroy; conntrack -F || true']);
}

/** The own part of a snapshot, by name: rules in their order, entries of sets sorted, nothing of who was denied. */
export function ownPart({ iptables, ip6tables, ipset }: Snapshot): Record<string, string[]> {
  const rules = (text: string): string[] => {
    const own = text.split('\n').filter((line) => /^:SEAWALL-|^-A SEAWALL-|^-A \S+ .*-j SEAWALL-/.test(line));
    // Chains stand in the order in which they were made; within a chain, order is everything.
    const chains = [...new Set(own.map((line) => line.split(' ')[line.startsWith(':') ? 0 : 1] ?? ''))].toSorted();
    return chains.flatMap((chain) =>
      own.filter((line) => line.startsWith(`${chain} `) || line.startsWith(`-A ${chain} `)),
    );
  };
  const sets = ipset.split('\n').filter((line) => /^create seawall-|^add seawall-(?!denied|lately)/.test(line));
  return { iptables: rules(iptables), ip6tables: rules(ip6tables), ipset: sets.toSorted() };
}

/** The chains of the minimum, and what leads there. What else has been loaded before it failed is met by no packet. */
export function inForce(snapshot: Snapshot): Record<string, string[]> {
  const { iptables = [], ip6tables = [] } = ownPart(snapshot);
  const met = (lines: readonly string[]): string[] => lines.filter((line) => /SEAWALL-(PRE|FWD)\b/.test(line));
  return { iptables: met(iptables), ip6tables: met(ip6tables) };
}

/** The files of the state folder that the boot reads. */
export const BOOT_FILES = ['sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks', 'SHA256SUMS'] as const;

/** A copy of a state folder that a test may damage. */
export async function copyState(from: string, to: string): Promise<string> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await cp(from, to, { recursive: true });
  return to;
}

const folderOf = async (state: string): Promise<string> =>
  join(state, 'generations', (await readFile(join(state, 'boot/current'), 'utf8')).trim());

type Damage = (state: string) => Promise<void>;

const toFile =
  (name: string, act: (file: string) => Promise<void>): Damage =>
  async (state) =>
    act(join(await folderOf(state), name));
const toCurrent =
  (text: string): Damage =>
  (state) =>
    writeFile(join(state, 'boot/current'), text);

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = bytes.length >> 1;
  bytes.writeUInt8((bytes[middle] ?? 0) ^ 1, middle);
  await writeFile(file, bytes);
}

const half = async (file: string): Promise<void> => truncate(file, (await readFile(file)).length >> 1);

/** Rules that the kernel doesn't take, with a checksum that is right. */
const unloadable =
  (name: string): Damage =>
  async (state) => {
    const folder = await folderOf(state);
    const text = `${await readFile(join(folder, name), 'utf8')}\nno rule at all\n`;
    await writeFile(join(folder, name), text);
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
    const sum = createHash('sha256').update(text).digest('hex');
    await writeFile(
      join(folder, 'SHA256SUMS'),
      sums.replace(new RegExp(`^.*  ${name.replace('.', '\\.')}$`, 'm'), `${sum}  ${name}`),
    );
  };

/** The list of checksums is cut off, and something that it no longer names is damaged. */
const cutOffList: Damage = async (state) => {
  const folder = await folderOf(state);
  const [first = ''] = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).split('\n');
  await writeFile(join(folder, 'SHA256SUMS'), `${first}\n`);
  await writeFile(join(folder, 'rules.iptables'), '*mangle\nCOMMIT\n');
};

export const DAMAGES: readonly (readonly [name: string, damage: Damage])[] = [
  ...BOOT_FILES.flatMap((name) => [
    [`${name} cut in half`, toFile(name, half)] as const,
    [`${name} empty`, toFile(name, (file) => writeFile(file, ''))] as const,
    [`a bit of ${name} flipped`, toFile(name, flip)] as const,
    [`${name} removed`, toFile(name, (file) => rm(file))] as const,
  ]),
  ['a list of checksums that names one file only', cutOffList],
  ['rules of IPv4 that do not load', unloadable('rules.iptables')],
  ['rules of IPv6 that do not load', unloadable('rules.ip6tables')],
  ['sets that do not load', unloadable('sets.ipset')],
  ['current removed', (state) => rm(join(state, 'boot/current'))],
  ['current empty', toCurrent('')],
  ['current a way out of the folder', toCurrent('../../../etc\n')],
  ['current garbage', toCurrent('\u0001\u0002 $(reboot) `x` \n;\n')],
  ['current naming what is not there', toCurrent('4711\n')],
  ['current two lines', async (state) => toCurrent('1\n1\n')(state)],
  ['the folder of rules removed', async (state) => rm(await folderOf(state), { recursive: true })],
];
