import { parse } from 'yaml';
import { readConfig } from '../../src/config/read.ts';
import { createSet } from '../../src/ipset/create.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { PrefixSet } from '../../src/net/prefix-set.ts';
import { mask, parsePrefix, type Prefix } from '../../src/net/prefix.ts';
import { plainFiles, TOOL } from '../../src/plan/boot-files.ts';
import { compile } from '../../src/policy/compile.ts';
import type { DockerFacts, Facts, Link } from '../../src/policy/facts.ts';
import { policyNotes } from '../../src/policy/notes.ts';
import { makePolicy } from '../../src/policy/policy.ts';
import type { Ruleset } from '../../src/ruleset/ruleset.ts';
import type { Outcome, Scenario } from './scenario.ts';

/** Facts as a scenario writes them: short, with everything that is usual left out. */
interface ShortFacts {
  /** Name → kind, master, uplink, and addresses with their prefix lengths. */
  readonly links?: Readonly<
    Record<string, { kind?: string; master?: string; uplink?: boolean; addresses?: string[] } | null>
  >;
  readonly docker?: {
    seen?: DockerFacts['seen'];
    nodes?: string[];
    networks?: Readonly<Record<string, { driver?: string; bridge?: string; subnets?: string[] }>>;
  };
  readonly names?: Readonly<Record<string, { addresses: string[]; fresh?: boolean }>>;
  readonly lists?: Readonly<Record<string, string[]>>;
}

export function outcomeOf(scenario: Scenario): Outcome {
  const { ruleset, notes } = rulesOf(scenario);
  return { notes: notes.map((note) => `${note}\n`).join(''), ipv4: rulesText(ruleset, 4), ipv6: rulesText(ruleset, 6) };
}

/** The rules that follow from a scenario, and what is said about it. */
export function rulesOf({ config: text, facts: short }: Scenario): { ruleset: Ruleset; notes: string[] } {
  const { config, problems } = readConfig(text);
  if (!config) throw new Error(problems.map(({ message }) => message).join('\n'));
  const facts = toFacts((parse(short) as ShortFacts | null) ?? {});
  const policy = makePolicy(config, facts);
  const notes = [...problems.map(({ message }) => `config: ${message}`), ...policyNotes(config, facts, policy)];
  return { ruleset: compile(policy), notes };
}

function rulesText(ruleset: Ruleset, family: 4 | 6): string {
  const files = plainFiles(ruleset);
  const content = (name: string): string =>
    [...(files.find((file) => file.name === name)?.content() ?? [])].map(plain).join('');
  const sets = ruleset[family].sets.flatMap((set) => [...createSet(set)]).map(plain);
  const hooks = content('hooks')
    .split('\n')
    .filter((line) => line.startsWith(`${TOOL[family]} `));
  return [...sets, content(`rules.${TOOL[family]}`), ...hooks.map((line) => `${line}\n`)].join('');
}

const plain = (chunk: string | Uint8Array): string =>
  typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);

function toFacts({ links = {}, docker = {}, names = {}, lists = {} }: ShortFacts): Facts {
  return {
    links: Object.entries(links).map(([name, link]): Link => {
      const own = (link?.addresses ?? []).map((each) => each.split('/'));
      return {
        name,
        kind: link?.kind,
        master: link?.master,
        uplink: link?.uplink ?? false,
        addresses: own.map(([address = '']) => toAddress(address)),
        subnets: own.map(([address = '', length]) => subnet(toAddress(address), Number(length))),
      };
    }),
    docker: {
      seen: docker.seen ?? 'live',
      version: undefined,
      swarm: (docker.nodes ?? []).length > 0,
      nodes: (docker.nodes ?? []).map(toAddress),
      networks: Object.entries(docker.networks ?? {}).map(([name, { driver = 'bridge', bridge, subnets = [] }]) => ({
        name,
        driver,
        bridge,
        subnets: subnets.map(toPrefix),
      })),
    },
    names: new Map(
      Object.entries(names).map(([name, { addresses, fresh = true }]) => [
        name,
        { addresses: addresses.map(toAddress), fresh },
      ]),
    ),
    lists: new Map(
      Object.entries(lists).map(([path, entries]) => [path, { v4: listOf(4, entries), v6: listOf(6, entries) }]),
    ),
  };
}

const listOf = (family: 4 | 6, entries: string[]): PrefixSet =>
  PrefixSet.of(
    family,
    entries.map(toPrefix).filter((prefix) => prefix.family === family),
  );
const subnet = ({ family, value }: Address, length: number): Prefix => ({
  family,
  value: value & mask(family, length),
  length,
});

function toAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}

function toPrefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
  return parsed.value;
}
