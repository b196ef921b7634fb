import type { CutFilter } from '../analysis/cut-filter.ts';
import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { runTool, toolFailure } from '../live/tools.ts';
import { formatAddress, parseAddress, type Address } from '../net/address.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import type { Backend } from '../ruleset/backend.ts';
import { formatPrefix } from '../net/prefix.ts';
import { cutSetName } from '../ruleset/ownership.ts';
import { CUT_SECONDS } from '../ruleset/set.ts';
import { FILE_MODE } from './state.ts';

/** Most of a deletion is waiting for the kernel, so several wait at once. */
const AT_ONCE = 8;

/**
 * Makes the kernel forget these connections, and no other: their next packet is a new one, and denied. Before that the
 * servers are kept from taking them up again; `undo` is the file that then tells how to free them.
 */
export async function cutFlows(
  { exec, files }: Pick<Effects, 'exec' | 'files'>,
  flows: readonly Flow[],
  filters: readonly CutFilter[],
  { backend, undo }: { readonly backend: Backend; readonly undo?: string | undefined },
): Promise<void> {
  if (flows.length === 0) return;
  const { command, add, free } = SILENCING[backend];
  const entries = [...new Map(flows.map((flow) => [cutEntry(flow), flow])).values()];
  if (undo !== undefined) await files.write(undo, [entries.map(free).join('')], FILE_MODE);
  await runTool({ exec }, { ...command, input: entries.map(add) }, PURPOSE);
  const waiting = filters.values();
  const work = async (): Promise<void> => {
    for (const filter of waiting) await forget({ exec }, filter);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

interface Silencing {
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly add: (flow: Flow) => string;
  readonly free: (flow: Flow) => string;
}

/** How each backend keeps servers silent. To nft what is to be deleted must be there, so it is put there first. */
const SILENCING: Readonly<Record<Backend, Silencing>> = {
  iptables: {
    command: { file: 'ipset', args: ['-exist', 'restore'] },
    add: (flow) => `add ${cutEntry(flow)} timeout ${CUT_SECONDS}\n`,
    free: (flow) => `del ${cutEntry(flow)}\n`,
  },
  nftables: {
    command: { file: 'nft', args: ['-f', '-'] },
    add: (flow) =>
      `${nftElement('add', flow, '')}${nftElement('delete', flow, '')}${nftElement('add', flow, ` timeout ${CUT_SECONDS}s`)}`,
    free: (flow) => `${nftElement('add', flow, '')}${nftElement('delete', flow, '')}`,
  },
};

const nftElement = (verb: 'add' | 'delete', { protocol, source, serverPort }: Flow, timeout: string): string =>
  `${verb} element ${NFT_TABLE} ${cutSetName(source.family)} { ${formatAddress(source)} . ${protocol} . ${serverPort}${timeout} }\n`;

const PURPOSE = 'cutting open connections';
/** A connection that ends by itself at that moment makes conntrack give up on those that it hasn't come to. */
const ATTEMPTS = 3;

async function forget({ exec }: Pick<Effects, 'exec'>, filter: CutFilter): Promise<void> {
  const command = { file: 'conntrack', args: options(filter) };
  for (let attempt = 1; ; attempt++) {
    const output = await exec(command);
    // It says how many there were. Exit code 1 with that just means that all have ended by themselves.
    if (output.code === 0 || output.stderr.includes('flow entries have been deleted')) return;
    if (attempt === ATTEMPTS || output.outcome !== 'exited') throw toolFailure(command, output, PURPOSE);
  }
}

/**
 * Servers may speak first again to clients that are trusted once more. (Where a client does, its new connection is
 * tracked before the server answers, so that needs nothing.)
 */
export async function forgetCuts(
  { exec }: Pick<Effects, 'exec'>,
  backend: Backend,
  trusted: (client: Address) => boolean,
): Promise<void> {
  const { command, free } = SILENCING[backend];
  const silenced = await Promise.all(FAMILIES.map((family) => readCuts({ exec }, backend, family)));
  const freed = silenced.flat().filter(({ source }) => trusted(source));
  if (freed.length > 0) await exec({ ...command, input: freed.map((flow) => free(flow as Flow)) });
}

/** Whom a server was cut from. */
async function readCuts(
  { exec }: Pick<Effects, 'exec'>,
  backend: Backend,
  family: Family,
): Promise<Pick<Flow, 'protocol' | 'source' | 'serverPort'>[]> {
  const name = cutSetName(family);
  const args = backend === 'iptables' ? ['save', name] : ['-n', 'list', 'set', ...NFT_TABLE.split(' '), name];
  const { stdout } = await exec({ file: backend === 'iptables' ? 'ipset' : 'nft', args });
  return [...stdout.toString().matchAll(ENTRY[backend])].flatMap(([, client = '', protocol, port]) => {
    const address = parseAddress(client);
    if (!address.ok) return [];
    return [{ protocol: PROTOCOL[protocol ?? ''] ?? 'tcp', source: address.value, serverPort: Number(port) }];
  });
}

/** `add NAME 192.0.2.1,tcp:80 …`; `192.0.2.1 . 6 . 80 timeout …`. */
const ENTRY: Readonly<Record<Backend, RegExp>> = {
  iptables: /^add \S+ ([^,]+),(\w+):(\d+)/gm,
  nftables: /([\da-f.:]+) \. (\w+) \. (\d+)/g,
};
const PROTOCOL: Readonly<Record<string, Flow['protocol']>> = { tcp: 'tcp', udp: 'udp', 6: 'tcp', 17: 'udp' };

const cutEntry = ({ protocol, source, serverPort }: Flow): string =>
  `${cutSetName(source.family)} ${formatAddress(source)},${protocol}:${serverPort}`;

/** conntrack(8) options: the tuple as the one who opened the connection sees it. */
function options({ protocol, source, destination, port }: CutFilter): string[] {
  const family = destination.family === 4 ? 'ipv4' : 'ipv6';
  const from = source === undefined ? [] : ['--orig-src', formatPrefix(source)];
  return [
    '-D',
    '-f',
    family,
    '-p',
    protocol,
    ...from,
    '--orig-dst',
    formatAddress(destination),
    '--orig-port-dst',
    `${port}`,
  ];
}
