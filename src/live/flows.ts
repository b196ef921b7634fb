import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { parseAddress } from '../net/address.ts';

/** The TCP and UDP connections that the kernel tracks; undefined where there is no tool to read them. */
export async function readFlows({ exec }: Pick<Effects, 'exec'>): Promise<readonly Flow[] | undefined> {
  const output = await exec({ file: 'conntrack', args: ['-L'] });
  if (output.outcome !== 'exited' || output.code !== 0) return undefined;
  return parseFlows(output.stdout.toString());
}

/** Of each line only the first tuple counts: the connection as its opener sees it. */
const LINE = /^(tcp|udp) .*?\bsrc=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/;

export function parseFlows(text: string): Flow[] {
  return text.split('\n').flatMap((line): Flow[] => {
    const [, protocol, src = '', dst = '', sport, dport] = LINE.exec(line) ?? [];
    const [source, destination] = [parseAddress(src), parseAddress(dst)];
    if ((protocol !== 'tcp' && protocol !== 'udp') || !source.ok || !destination.ok) return [];
    return [
      {
        protocol,
        source: source.value,
        destination: destination.value,
        sourcePort: Number(sport),
        port: Number(dport),
      },
    ];
  });
}
