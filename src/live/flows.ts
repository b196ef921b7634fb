import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { type Address, formatAddress, parseAddress } from '../net/address.ts';
import type { Socket } from './sockets.ts';

/** The TCP and UDP connections that the kernel tracks; undefined where there is no tool to read them. */
export async function readFlows({ exec }: Pick<Effects, 'exec'>): Promise<readonly Flow[] | undefined> {
  // Asked without a family, conntrack before 1.4.7 tells of IPv4 alone.
  const outputs = await Promise.all(
    ['ipv4', 'ipv6'].map((family) => exec({ file: 'conntrack', args: ['-L', '-f', family] })),
  );
  if (outputs.some(({ outcome, code }) => outcome !== 'exited' || code !== 0)) return undefined;
  return outputs.flatMap(({ stdout }) => parseFlows(stdout.toString()));
}

/**
 * Connections of clients to programs of this machine that the kernel doesn't track: they were there before any rule had
 * it track them. What the server sends next would make each a tracked one, opened from inside.
 */
export function untrackedFlows(sockets: readonly Socket[], tracked: readonly Flow[]): Flow[] {
  const listening = new Set(sockets.flatMap(({ peer, localPort }) => (peer ? [] : [localPort])));
  const known = new Set(tracked.map(({ source, sourcePort, serverPort }) => clientKey(source, sourcePort, serverPort)));
  return sockets.flatMap(({ local, localPort, peer }): Flow[] => {
    if (!peer || !local || !listening.has(localPort)) return [];
    if (known.has(clientKey(peer.address, peer.port, localPort))) return [];
    const ports = { sourcePort: peer.port, port: localPort, serverPort: localPort };
    return [{ protocol: 'tcp', source: peer.address, destination: local, ...ports }];
  });
}

const clientKey = (client: Address, port: number, serverPort: number): string =>
  `${formatAddress(client)} ${port} ${serverPort}`;

/** The first tuple is the connection as its opener sees it, the second what its answers look like. */
const LINE = /^(tcp|udp) .*?\bsrc=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?\bsrc=(\S+) .*?\bsport=(\d+)/;

/** States of connections that have ended; the kernel only remembers them (conntrack(8)). */
const ENDED = /^tcp +6 +\d+ (?:TIME_WAIT|CLOSE) /;

export function parseFlows(text: string): Flow[] {
  return text.split('\n').flatMap((line): Flow[] => {
    const [, protocol, src = '', dst = '', sport, dport, answers = '', serverPort] = LINE.exec(line) ?? [];
    const [source, destination] = [parseAddress(src), parseAddress(dst)];
    if ((protocol !== 'tcp' && protocol !== 'udp') || !source.ok || !destination.ok) return [];
    const ports = { sourcePort: Number(sport), port: Number(dport), serverPort: Number(serverPort) };
    if (source.value.family !== destination.value.family || Math.max(...Object.values(ports)) > 65_535) return [];
    const server = answers === dst ? undefined : parseAddress(answers);
    const behind = server?.ok ? { server: server.value } : {};
    const ended = ENDED.test(line) ? { ended: true as const } : {};
    return [{ protocol, source: source.value, destination: destination.value, ...ports, ...behind, ...ended }];
  });
}
