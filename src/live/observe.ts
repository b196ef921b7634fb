import { join } from 'node:path';
import type { Config, Source } from '../config/model.ts';
import type { Effects } from '../effects/types.ts';
import type { Address } from '../net/address.ts';
import type { LiveState } from '../plan/live-state.ts';
import type { DockerFacts, Facts, PrefixList, ResolvedName } from '../policy/facts.ts';
import { isRemote } from '../policy/policy.ts';
import { listChange, nameChange, type SourceChange } from '../policy/source-change.ts';
import { type DockerReading, readDocker } from './docker.ts';
import { type BackendChoice, chooseBackend, tellsBridges } from './backend.ts';
import { chooseFrom, readBoth, type ReadSets } from './kernel.ts';
import { readLinks } from './links.ts';
import { cacheName, listPath, readList } from './lists.ts';
import { readRemembered, rememberedText, type Remembered } from './remembered.ts';

/** Where the observer finds its memory. */
export interface Memory {
  readonly remembered: string;
  readonly lists: string;
}

/** The machine as it is now. */
export interface Observation {
  readonly facts: Facts;
  readonly live: LiveState;
  readonly choice: BackendChoice;
  /** What could not be seen, or is not fresh, in words for people. */
  readonly notes: readonly string[];
  /** Names and lists that are no longer what they were at the last apply. */
  readonly sources: readonly SourceChange[];
  /** Files that the next run profits from; only a command that changes something writes them. */
  readonly keep: readonly { readonly path: string; readonly content: string | Uint8Array }[];
}

/** Reads everything that decides the rules, all at once; changes nothing. */
export async function observe(
  effects: Effects,
  config: Config,
  configPath: string,
  memory: Memory,
  sets: ReadSets,
): Promise<Observation> {
  const sources = [...config.trusted, ...config.block, ...config.allow.flatMap(({ from }) => from)];
  const names = unique(sources.flatMap((source: Source) => (source.kind === 'name' ? [source.name] : [])));
  const paths = unique(sources.flatMap((source: Source) => (source.kind === 'file' ? [source.path] : [])));
  const [both, links, docker, remembered, answers, lists] = await Promise.all([
    readBoth(effects, sets),
    readLinks(effects),
    readDocker(effects),
    readRemembered(effects, memory.remembered),
    Promise.all(names.map((name) => effects.names.lookup(name))),
    Promise.all(paths.map((path) => readList(effects, path, configPath, memory.lists))),
  ]);
  const choice = chooseBackend(config.backend, firewallOf(docker), both);
  const live = chooseFrom(both, choice.backend);
  const resolved = new Map(
    names.map((name, index) => [name, resolve(answers[index] ?? [], remembered.names.get(name))]),
  );
  const seen = withKnownNodes(docker, remembered.docker);
  const dockerFacts = seen ?? remembered.docker ?? NO_DOCKER;
  const byPath = new Map(paths.flatMap((path, index): [string, PrefixList][] => pair(path, lists[index]?.list)));
  return {
    facts: {
      links,
      docker: dockerFacts,
      names: resolved,
      lists: byPath,
      tellsBridges: choice.backend === 'nftables' && (await tellsBridges(effects)),
    },
    live,
    choice,
    notes: [...docker.notes, ...dockerNotes(dockerFacts, seen), ...nameNotes(resolved)],
    sources: [
      ...[...resolved].flatMap(([name, { addresses }]) =>
        nameChange(name, remembered.names.get(name) ?? [], addresses),
      ),
      ...paths.flatMap((path, index) => {
        const { list, before } = lists[index] ?? {};
        return list && before ? listChange(path, before, list) : [];
      }),
    ],
    keep: [
      ...keepMemory(memory.remembered, remembered, seen, resolved),
      ...paths.flatMap((path, index) => {
        const compiled = lists[index]?.compiled;
        return compiled ? [{ path: join(memory.lists, cacheName(listPath(path, configPath))), content: compiled }] : [];
      }),
    ],
  };
}

const NO_DOCKER: DockerFacts = { seen: 'unknown', version: undefined, networks: [], nodes: [], swarm: false };

const unique = (values: readonly string[]): string[] => [...new Set(values)];
const pair = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);

/** Before there was a choice Docker named none, and used iptables. */
const firewallOf = ({ facts, firewall }: DockerReading): string | undefined =>
  facts ? (firewall ?? 'iptables') : undefined;

/** Nodes that couldn't be asked for now are those of last time. */
function withKnownNodes(docker: DockerReading, last: DockerFacts | undefined): DockerFacts | undefined {
  if (!docker.facts || docker.swarmSeen || !last?.swarm) return docker.facts;
  const all = [...docker.facts.nodes, ...last.nodes];
  const nodes = new Map(all.map((node) => [`${node.family}/${node.value}`, node]));
  return { ...docker.facts, swarm: true, nodes: [...nodes.values()] };
}

/** A name that doesn't resolve keeps its last known addresses. */
function resolve(answer: readonly Address[], last: readonly Address[] | undefined): ResolvedName {
  const usable = answer.filter(isRemote);
  return usable.length > 0 ? { addresses: usable, fresh: true } : { addresses: last ?? [], fresh: false };
}

function nameNotes(names: ReadonlyMap<string, ResolvedName>): string[] {
  return [...names].flatMap(([name, { addresses, fresh }]) => {
    if (fresh) return [];
    if (addresses.length === 0) return [`${name} does not resolve and never did: nobody is trusted by it yet`];
    return [`${name} does not resolve now: it keeps its last known address${addresses.length === 1 ? '' : 'es'}`];
  });
}

function dockerNotes(facts: DockerFacts, live: DockerFacts | undefined): string[] {
  if (live) return [];
  return facts.seen === 'remembered' ? ['Docker: what it last said of its networks is used'] : [];
}

/** Names and networks that answered replace what was remembered; the rest stays remembered. */
function keepMemory(
  path: string,
  old: Remembered,
  docker: DockerFacts | undefined,
  names: ReadonlyMap<string, ResolvedName>,
): Observation['keep'] {
  const next: Remembered = {
    names: new Map([...names].map(([name, { addresses }]) => [name, addresses])),
    docker: docker ?? old.docker,
  };
  const text = rememberedText(next);
  return text === rememberedText(old) ? [] : [{ path, content: text }];
}
