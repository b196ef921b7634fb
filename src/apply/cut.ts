import type { CutFilter } from '../analysis/cut-filter.ts';
import type { Effects } from '../effects/types.ts';
import { formatAddress } from '../net/address.ts';

/** Most of a deletion is waiting for the kernel, so several wait at once. */
const AT_ONCE = 8;

/** Makes the kernel forget these connections, and no other: their next packet is a new one, and denied. */
export async function cutFlows({ exec }: Pick<Effects, 'exec'>, filters: readonly CutFilter[]): Promise<void> {
  const waiting = filters.values();
  const work = async (): Promise<void> => {
    // Exit code 1 just means that the connection has ended by itself.
    for (const filter of waiting) await exec({ file: 'conntrack', args: options(filter) });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** conntrack(8) options: the tuple as the one who opened the connection sees it. */
function options({ protocol, source, destination, port }: CutFilter): string[] {
  const family = destination.family === 4 ? 'ipv4' : 'ipv6';
  const from = source === undefined ? [] : ['--orig-src', formatAddress(source)];
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
