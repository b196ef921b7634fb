import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Effects } from '../effects/types.ts';
import { formatAddress, parseAddress, type Address } from '../net/address.ts';
import { parseJson } from '../net/json.ts';
import { formatPrefix, parsePrefix, type Prefix } from '../net/prefix.ts';
import type { DockerFacts } from '../policy/facts.ts';
import { isLinkName } from './docker.ts';

/** What names and Docker said when they last answered; used while they don't. */
export interface Remembered {
  readonly names: ReadonlyMap<string, readonly Address[]>;
  readonly docker: DockerFacts | undefined;
}

const NOTHING: Remembered = { names: new Map(), docker: undefined };
const VERSION = 1;

const strings = v.array(v.string());
const dockerSchema = v.object({
  version: v.nullable(v.string()),
  swarm: v.boolean(),
  nodes: strings,
  networks: v.array(
    v.object({ name: v.string(), driver: v.string(), bridge: v.nullable(v.string()), subnets: strings }),
  ),
});
const schema = v.object({
  version: v.literal(VERSION),
  /** Of all the rest: with one bit less, an address is somebody else's, who would be trusted. */
  sum: v.optional(v.string()),
  names: v.record(v.string(), strings),
  docker: v.nullable(dockerSchema),
});

type Stored = v.InferOutput<typeof schema>;
type StoredDocker = v.InferOutput<typeof dockerSchema>;

/** A file that is missing, damaged or of another version is no memory: then only what answers now counts. */
export async function readRemembered({ files }: Pick<Effects, 'files'>, path: string): Promise<Remembered> {
  const bytes = await files.read(path);
  const read = v.safeParse(schema, parseJson(bytes?.toString() ?? ''));
  if (!read.success) return NOTHING;
  const { sum } = read.output;
  return sum === undefined || sum === sumOf(read.output) ? revive(read.output) : NOTHING;
}

export function rememberedText({ names, docker }: Remembered): string {
  const stored: Stored = {
    version: VERSION,
    names: Object.fromEntries([...names].map(([name, addresses]) => [name, addresses.map(formatAddress)])),
    docker: docker === undefined ? null : storeDocker(docker),
  };
  const { version, ...rest } = stored;
  return `${JSON.stringify({ version, sum: sumOf(stored), ...rest }, null, 2)}\n`;
}

const sumOf = ({ names, docker }: Stored): string =>
  createHash('sha256')
    .update(JSON.stringify([names, docker]))
    .digest('hex');

const storeDocker = ({ version, swarm, nodes, networks }: DockerFacts): StoredDocker => ({
  version: version ?? null,
  swarm,
  nodes: nodes.map(formatAddress),
  networks: networks.map(({ name, driver, bridge, subnets }) => ({
    name,
    driver,
    bridge: bridge ?? null,
    subnets: subnets.map(formatPrefix),
  })),
});

function revive({ names, docker }: Stored): Remembered {
  return {
    names: new Map(Object.entries(names).map(([name, addresses]) => [name, addresses.flatMap(toAddress)])),
    docker: docker === null ? undefined : reviveDocker(docker),
  };
}

const reviveDocker = ({ version, swarm, nodes, networks }: StoredDocker): DockerFacts => ({
  seen: 'remembered',
  version: version ?? undefined,
  swarm,
  nodes: nodes.flatMap(toAddress),
  networks: networks.map((network) => ({
    ...network,
    // It becomes a word of a rule, so it is looked at as if Docker said it now.
    bridge: network.bridge !== null && isLinkName(network.bridge) ? network.bridge : undefined,
    subnets: network.subnets.flatMap(toPrefix),
  })),
});

const toAddress = (text: string): Address[] => {
  const parsed = parseAddress(text);
  return parsed.ok ? [parsed.value] : [];
};

const toPrefix = (text: string): Prefix[] => {
  const parsed = parsePrefix(text);
  return parsed.ok ? [parsed.value] : [];
};
