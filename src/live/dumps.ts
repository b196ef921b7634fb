import { join } from 'node:path';
import { Failure } from '../effects/failure.ts';
import type { Effects } from '../effects/types.ts';
import { withCgroups } from './cgroups.ts';
import { usesLegacy } from './variants.ts';

/** What a machine's own tools say of it, by the names of the files that `collect` writes. */
export const DUMPS = [
  'iptables-save',
  'ip6tables-save',
  'iptables-legacy-save',
  'ip6tables-legacy-save',
  'ipset-save',
  'nft.json',
  'links.json',
  'routes.json',
  'listeners',
  'docker-containers.json',
  'docker-networks.json',
] as const;
export type DumpName = (typeof DUMPS)[number];

export interface Dumps {
  readonly texts: ReadonlyMap<DumpName, Buffer>;
  /** What couldn't be read, and why: whatever it would tell is not in any answer. */
  readonly missing: readonly { readonly name: DumpName; readonly why: string }[];
  /** Undefined: the live machine. */
  readonly folder: string | undefined;
}

type Argv = readonly [file: string, ...args: string[]];

/** Several commands make one file, one after the other. */
const COMMANDS: readonly (readonly [DumpName, ...Argv[]])[] = [
  ['iptables-save', ['iptables-save', '-c']],
  ['ip6tables-save', ['ip6tables-save', '-c']],
  ['ipset-save', ['ipset', 'save']],
  ['nft.json', ['nft', '-j', 'list', 'ruleset']],
  ['links.json', ['ip', '-j', '-d', 'address', 'show']],
  ['routes.json', ['ip', '-j', '-4', 'route', 'show'], ['ip', '-j', '-6', 'route', 'show']],
];

const LEGACY: readonly (readonly [DumpName, 4 | 6])[] = [
  ['iptables-legacy-save', 4],
  ['ip6tables-legacy-save', 6],
];

type Answer = readonly [name: DumpName, text: Buffer | undefined, why: string];

/** Asks the live machine; changes nothing, and takes whatever this user may see. */
export async function readDumps(effects: Pick<Effects, 'exec' | 'docker' | 'files'>): Promise<Dumps> {
  const answers = await Promise.all([
    ...COMMANDS.map(([name, ...commands]) => ask(effects, name, commands)),
    askListeners(effects),
    ...LEGACY.map(([name, family]) => askLegacy(effects, name, family)),
    askDocker(effects, 'docker-containers.json', '/containers/json'),
    askDocker(effects, 'docker-networks.json', '/networks'),
  ]);
  return dumpsOf(answers, undefined);
}

/** The saved files of another machine; any of them may be missing, but not all. */
export async function readFolder({ files }: Pick<Effects, 'files'>, folder: string): Promise<Dumps> {
  const answers = await Promise.all(
    DUMPS.map(async (name): Promise<Answer> => [name, await files.read(join(folder, name)), 'no such file']),
  );
  if (answers.every(([, text]) => text === undefined))
    throw new Failure(
      `${folder} holds none of the files of a machine`,
      `they are ${DUMPS.join(', ')}; write them there with: seawall collect ${folder}`,
    );
  return dumpsOf(answers, folder);
}

function dumpsOf(answers: readonly Answer[], folder: string | undefined): Dumps {
  const texts = new Map(answers.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])));
  const missing = answers.flatMap(([name, text, why]) => (text === undefined && why !== '' ? [{ name, why }] : []));
  return { texts, missing: missing.filter(({ name }) => !name.includes('legacy')), folder };
}

async function ask({ exec }: Pick<Effects, 'exec'>, name: DumpName, commands: readonly Argv[]): Promise<Answer> {
  const outputs = await Promise.all(commands.map(([file, ...args]) => exec({ file, args })));
  const failed = outputs.find(({ code }) => code !== 0);
  if (failed?.outcome === 'missing') return [name, undefined, `${commands[0]?.[0]} is not installed`];
  if (failed) return [name, undefined, failed.stderr.trim().split('\n')[0] || failed.outcome];
  return [name, Buffer.concat(outputs.map(({ stdout }) => stdout)), ''];
}

async function askListeners(effects: Pick<Effects, 'exec' | 'files'>): Promise<Answer> {
  const [name, sockets, why] = await ask(effects, 'listeners', [['ss', '-H', '-lntup']]);
  return [name, sockets && Buffer.from(await withCgroups(effects, sockets.toString())), why];
}

/** Rules of the legacy variant are in force beside those of the nft variant, and the one's tool doesn't show the other's. */
async function askLegacy(effects: Pick<Effects, 'exec' | 'files'>, name: DumpName, family: 4 | 6): Promise<Answer> {
  if (!(await usesLegacy(effects, family))) return [name, undefined, ''];
  const { code, stdout } = await effects.exec({ file: 'iptables-save', args: ['-V'] });
  if (code === 0 && stdout.toString().includes('legacy')) return [name, undefined, ''];
  return ask(effects, name, [[name, '-c']]);
}

async function askDocker({ docker }: Pick<Effects, 'docker'>, name: DumpName, path: string): Promise<Answer> {
  const reply = await docker.get(path);
  return reply.ok ? [name, Buffer.from(JSON.stringify(reply.body, null, 1)), ''] : [name, undefined, reply.detail];
}
