import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { formatAddress } from '../net/address.ts';

/** conntrack(8) options that name exactly one connection. */
const options = ({ protocol, source, sourcePort, destination, port }: Flow): string[] => {
  const ends = ['-s', formatAddress(source), '-d', formatAddress(destination)];
  return [
    '-D',
    '-f',
    source.family === 4 ? 'ipv4' : 'ipv6',
    '-p',
    protocol,
    ...ends,
    '--sport',
    `${sourcePort}`,
    '--dport',
    `${port}`,
  ];
};

/**
 * Makes the kernel forget these connections, and no other: their next packet is a new one, and denied.
 * True when done; false when this machine has no tool for it.
 */
export async function cutFlows({ exec }: Pick<Effects, 'exec'>, flows: readonly Flow[]): Promise<boolean> {
  if (flows.length === 0) return true;
  const input = flows.map((flow) => `${options(flow).join(' ')}\n`);
  const batch = await exec({ file: 'conntrack', args: ['-R', '-'], input });
  if (batch.outcome === 'exited' && batch.code === 0) return true;
  if (batch.outcome === 'missing') return false;
  // Before 1.4.7 conntrack reads no batches. Exit code 1 may just mean that the connection has ended by itself.
  for (const flow of flows) await exec({ file: 'conntrack', args: options(flow) });
  return true;
}
