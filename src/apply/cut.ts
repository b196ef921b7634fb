import type { CutFilter } from '../analysis/cut-filter.ts';
import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { runTool, toolFailure } from '../live/tools.ts';
import { formatAddress, parseAddress, type Address } from '../net/address.ts';
import { FAMILIES } from '../net/family.ts';
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
  undo?: string,
): Promise<void> {
  if (flows.length === 0) return;
  const entries = [...new Set(flows.map(cutEntry))];
  if (undo !== undefined) await files.write(undo, [entries.map((entry) => `del ${entry}\n`).join('')], FILE_MODE);
  const lines = entries.map((entry) => `add ${entry} timeout ${CUT_SECONDS}\n`);
  await runTool({ exec }, { file: 'ipset', args: ['-exist', 'restore'], input: lines }, PURPOSE);
  const waiting = filters.values();
  const work = async (): Promise<void> => {
    for (const filter of waiting) await forget({ exec }, filter);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

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
  trusted: (client: Address) => boolean,
): Promise<void> {
  const sets = await Promise.all(FAMILIES.map((family) => exec({ file: 'ipset', args: ['save', cutSetName(family)] })));
  const lines = sets.flatMap(({ stdout }) => stdout.toString().split('\n'));
  const freed = lines.flatMap((line) => {
    const [, set, client = '', end] = /^add (\S+) ([^,]+),(\S+)/.exec(line) ?? [];
    const address = parseAddress(client);
    return address.ok && trusted(address.value) ? [`del ${set} ${client},${end}\n`] : [];
  });
  if (freed.length > 0) await exec({ file: 'ipset', args: ['-exist', 'restore'], input: freed });
}

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
