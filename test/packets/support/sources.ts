import { type ClientName, SOURCES, type SourceName, TRUSTED, sourceOf } from '../../../lab/addresses.ts';
import type { World } from '../../../lab/world.ts';

/** Someone outside of the host who dials. */
export interface Outsider {
  readonly name: string;
  readonly node: ClientName;
  readonly v4: string;
  readonly v6: string;
  readonly trusted: boolean;
}

const outsider = (name: string, source: SourceName, trusted: boolean): Outsider => ({
  name,
  ...sourceOf(source),
  trusted,
});

/** Everybody outside: strangers (also those whose address is one off), a neighbour on the host's own link, friends. */
export const OUTSIDERS: readonly Outsider[] = [
  outsider('untrusted', 'untrusted', false),
  outsider('untrusted below a trusted address', 'below the single address', false),
  outsider('untrusted above a trusted address', 'above the single address', false),
  outsider('untrusted below a trusted prefix', 'below the prefix', false),
  outsider('untrusted above a trusted prefix', 'above the prefix', false),
  outsider('untrusted neighbour on the link', 'neighbour', false),
  outsider('trusted address', 'single address', true),
  outsider('trusted inside a prefix', 'inside the prefix', true),
  outsider('trusted first of a prefix', 'first of the prefix', true),
  outsider('trusted last of a prefix', 'last of the prefix', true),
];

export const [UNTRUSTED, TRUSTED_ADDRESS] = [
  { name: 'untrusted', node: 'untrusted', ...pairOf(SOURCES.untrusted), trusted: false },
  { name: 'trusted address', node: 'trusted-a', ...pairOf(SOURCES['single address']), trusted: true },
] as const satisfies readonly Outsider[];

function pairOf({ v4, v6 }: { v4: string; v6: string }): { v4: string; v6: string } {
  return { v4, v6 };
}

/** A config that trusts the single addresses and the prefixes of lab/addresses.ts. `more`: further lines of YAML. */
export function configText(publicPorts: readonly string[], more = ''): string {
  const trusted = [TRUSTED.single.v4, TRUSTED.single.v6, TRUSTED.prefix.v4, TRUSTED.prefix.v6];
  const quoted = trusted.map((text) => `"${text}"`).join(', ');
  return `version: 1\ntrusted: [${quoted}]\npublic: [${publicPorts.join(', ')}]\n${more}`;
}

/** Writes the config and applies it. @throws Error with what Seawall said */
export async function apply(world: World, config?: string): Promise<void> {
  if (config !== undefined) await world.writeConfig(config);
  await seawall(world, ['apply', '--yes']);
}

/** Runs Seawall in the host; it has to succeed. @throws Error with what it said */
export async function seawall(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.seawall(args);
  if (code !== 0) throw new Error(`seawall ${args.join(' ')}: exit ${code}\n${stderr}${stdout}`);
  return stdout;
}
