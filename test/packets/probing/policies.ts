import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TRUSTED } from '../../../lab/addresses.ts';
import type { World } from '../../../lab/world.ts';
import type { Backend } from '../../../src/ruleset/backend.ts';

/** One of many configs that differ in several places at once. */
export interface Variant {
  readonly config: string;
  /** Lists by their path below the config. */
  readonly lists: Readonly<Record<string, string>>;
}

/** What is the same in all variants: strangers never get a right, and friends never lose theirs. */
const PUBLIC = ['22/tcp', '500/udp'];
/** All that the friends of probing/floods.ts dial. */
const DIALLED = '[7000/tcp, 8081/tcp, 7000/udp, 5301/udp]';

const SINGLE = [TRUSTED.single.v4, TRUSTED.single.v6];
const PREFIX = [TRUSTED.prefix.v4, TRUSTED.prefix.v6];
const HALVES = ['198.18.64.0/21', '198.18.72.0/21', '2001:db8:b00::/41', '2001:db8:b80::/41'];

/** Numbers right below and above the denied ones, so that a mix of two policies would be seen. */
const MORE_PUBLIC: readonly (readonly string[])[] = [
  [],
  ['6990-6999/tcp', '7001-7050/tcp', '5302/udp'],
  ['443/tcp', '443/udp', '53/udp'],
  ['8082-8092/tcp', '8000-8079/tcp', '6000-6999/udp'],
  ['443/tcp', '7001-9000/udp'],
];

/** They make a set that is filled in place a set that is half empty for a while. */
const CROWD = Array.from({ length: 300 }, (_, n) => [
  `10.20.${n % 256}.${n >> 8}`,
  `2001:db8:0:${n.toString(16)}::1`,
]).flat();

const LIST = 'lists/friends.txt';
const BAD_LIST = 'lists/known-bad.txt';

/** The nth of them; every step of n moves several parts. */
export function variant(n: number): Variant {
  const friendA = placed(n % 4, SINGLE, SINGLE);
  const friendB = placed((n * 3 + 1) % 5, PREFIX, HALVES);
  const listed = [...friendA.listed, ...friendB.listed];
  // A list never beats `trusted`, but it does beat `allow`.
  const badList = n % 3 === 0 && friendA.allowed.length === 0;
  const filler = [`192.0.2.${n % 200}`, `2001:db8:f:${n}::/64`].slice(0, n % 3);
  const lists = {
    ...(listed.length > 0 ? { [LIST]: [`# ${n}`, ...listed, `100.64.${n % 250}.0/24`, ''].join('\n') } : {}),
    ...(badList ? { [BAD_LIST]: `203.0.113.7\n2001:db8:a::7\n10.${n % 250}.0.0/16\n` } : {}),
  };
  const trusted = [...friendA.trusted, ...friendB.trusted, ...filler, ...CROWD];
  const allowed = [...friendA.allowed, ...friendB.allowed];
  const block = ['203.0.113.99', `2001:db8:e${(n % 9) + 1}::/48`].slice(0, n % 3);
  return { config: text({ n, trusted, lists, allowed, block }), lists };
}

interface Placed {
  readonly trusted: readonly string[];
  readonly listed: readonly string[];
  readonly allowed: readonly string[];
}

/** The ways in which a friend can have the right: as written, by a list, by an `allow` rule, in parts, twice. */
function placed(way: number, whole: readonly string[], parts: readonly string[]): Placed {
  const nothing: Placed = { trusted: [], listed: [], allowed: [] };
  switch (way) {
    case 0:
      return { ...nothing, trusted: whole };
    case 1:
      return { ...nothing, listed: parts };
    case 2:
      return { ...nothing, allowed: whole };
    case 3:
      return { ...nothing, trusted: parts };
    default:
      return { ...nothing, trusted: whole, listed: parts.slice(0, 1) };
  }
}

interface Parts {
  readonly n: number;
  readonly trusted: readonly string[];
  readonly lists: Readonly<Record<string, string>>;
  readonly allowed: readonly string[];
  readonly block: readonly string[];
}

function text({ n, trusted, lists, allowed, block }: Parts): string {
  const quoted = (entries: readonly string[]): string => entries.map((entry) => `"${entry}"`).join(', ');
  const file = (path: string): string[] => (path in lists ? [`{file: ${path}}`] : []);
  const line = (name: string, entries: readonly string[]): string =>
    entries.length === 0 ? '' : `${name}: [${entries.join(', ')}]\n`;
  return [
    'version: 1\n',
    line('trusted', [...trusted.map((entry) => `"${entry}"`), ...file(LIST)]),
    line('public', [...PUBLIC, ...(MORE_PUBLIC[n % MORE_PUBLIC.length] ?? [])]),
    allowed.length === 0 ? '' : `allow:\n  - {from: [${quoted(allowed)}], to: ${DIALLED}, note: "change ${n}"}\n`,
    line('block', [...block.map((entry) => `"${entry}"`), ...file(BAD_LIST)]),
    n % 7 === 0 ? 'interfaces: {internal: [wg0]}\n' : '',
    n % 4 === 3 ? 'log: limited\n' : '',
  ].join('');
}

/** Puts a variant's files in place; nothing is applied. */
export async function writeVariant(world: World, { config, lists }: Variant): Promise<void> {
  await mkdir(join(world.dir, 'lists'), { recursive: true });
  for (const [path, content] of Object.entries(lists)) await writeFile(join(world.dir, path), content);
  await world.writeConfig(config);
}

/** What is edited by a command and taken back by the next one. */
const EDITS = [
  ['trust', '192.0.2.250'],
  ['public', '12345/tcp'],
  ['block', '203.0.113.98'],
  ['trust', '2001:db8:77::/48'],
  ['public', '7100-7199/udp'],
  ['block', '2001:db8:99::/48'],
] as const;

/**
 * Makes so many changes, each with several parts, and returns the first word of what Seawall said about each.
 * `backend`: as the configs are to say.
 */
export async function change(world: World, times: number, backend?: Backend): Promise<string[]> {
  const words: string[] = [];
  for (let n = 0; n < times; n++) words.push(await changeOnce(world, n, backend));
  return words;
}

async function changeOnce(world: World, n: number, backend: Backend | undefined): Promise<string> {
  const [list, entry] = EDITS[Math.floor(n / 5) % EDITS.length] ?? EDITS[0];
  const { config, lists } = variant(n);
  const named = backend === undefined ? config : `${config}backend: ${backend}\n`;
  if (n % 5 < 3) await writeVariant(world, { config: named, lists });
  const args = n % 5 < 3 ? ['apply'] : [list, n % 5 === 3 ? 'add' : 'remove', entry];
  const { code, stderr } = await world.seawall([...args, '--yes']);
  if (code !== 0) throw new Error(`change ${n}, ${args.join(' ')}: exit ${code}\n${stderr}`);
  return /^\w+/.exec(stderr)?.[0] ?? stderr;
}
