import type { Effects } from '../effects/types.ts';
import { formatAddress, parseAddress, type Address } from '../net/address.ts';
import { formatPrefix, parsePrefix, type Prefix } from '../net/prefix.ts';
import type { DockerFacts } from '../policy/facts.ts';

/** What names and Docker said when they last answered; used while they don't. */
export interface Remembered {
  readonly names: ReadonlyMap<string, readonly Address[]>;
  readonly docker: DockerFacts | undefined;
}

const NOTHING: Remembered = { names: new Map(), docker: undefined };
const VERSION = 1;

interface Stored {
  readonly version: number;
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly docker: StoredDocker | null;
}

interface StoredDocker {
  readonly version: string | null;
  readonly swarm: boolean;
  readonly nodes: readonly string[];
  readonly networks: readonly { name: string; driver: string; bridge: string | null; subnets: readonly string[] }[];
}

/** A file that is missing, damaged or of another version is no memory: then only what answers now counts. */
export async function readRemembered({ files }: Pick<Effects, 'files'>, path: string): Promise<Remembered> {
  const bytes = await files.read(path);
  if (!bytes) return NOTHING;
  try {
    const stored = JSON.parse(bytes.toString()) as Stored;
    return stored.version === VERSION ? revive(stored) : NOTHING;
  } catch {
    return NOTHING;
  }
}

export function rememberedText({ names, docker }: Remembered): string {
  const stored: Stored = {
    version: VERSION,
    names: Object.fromEntries([...names].map(([name, addresses]) => [name, addresses.map(formatAddress)])),
    docker: docker === undefined ? null : storeDocker(docker),
  };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

const storeDocker = ({ version, swarm, nodes, networks }: DockerFacts): StoredDocker => ({
  version: version ?? null,
  swarm,
  nodes: nodes.map(formatAddress),
  networks: networks.map((network) => ({
    ...network,
    bridge: network.bridge ?? null,
    subnets: network.subnets.map(formatPrefix),
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
    bridge: network.bridge ?? undefined,
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
