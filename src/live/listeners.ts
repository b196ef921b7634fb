import type { Effects } from '../effects/types.ts';
import type { Protocol } from '../net/port.ts';

/** A port that somebody answers at, as a client would dial it. */
export interface Listener {
  readonly protocol: Protocol;
  readonly port: number;
  /** Reachable at this machine's own loopback addresses only. */
  readonly loopback: boolean;
  /** The program, or the container; undefined where it can't be seen. */
  readonly owner: string | undefined;
}

/** Programs that listen, and ports that Docker publishes. Never fails: what can't be seen is left out. */
export async function readListeners(effects: Pick<Effects, 'exec' | 'docker'>): Promise<Listener[]> {
  const [sockets, containers] = await Promise.all([
    effects.exec({ file: 'ss', args: ['-H', '-lntup'] }),
    effects.docker.get('/containers/json'),
  ]);
  const published = containers.ok ? publishedPorts(containers.body) : [];
  const programs = sockets.code === 0 ? parseSockets(sockets.stdout.toString()) : [];
  // Docker's proxy listens for the container that is named already.
  const all = [...published, ...programs.filter(({ owner }) => owner !== 'docker-proxy')];
  const unique = new Map(all.toReversed().map((each) => [`${each.port}/${each.protocol} ${each.loopback}`, each]));
  return [...unique.values()].toSorted((a, b) => a.port - b.port);
}

/** Lines of `ss -H -lntup`: protocol, state, queues, local address and port, peer, and the program with `-p`. */
export function parseSockets(text: string): Listener[] {
  return text.split('\n').flatMap((line): Listener[] => {
    const [protocol, , , , local = ''] = line.trim().split(/\s+/);
    const [, address = '', port] = /^(.*):(\d+)$/.exec(local) ?? [];
    if ((protocol !== 'tcp' && protocol !== 'udp') || port === undefined || Number(port) > 65_535) return [];
    const loopback = /^(127\.|\[::1\]|\[::ffff:127\.)/.test(address);
    return [{ protocol, port: Number(port), loopback, owner: /users:\(\("([^"]+)"/.exec(line)?.[1] }];
  });
}

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function publishedPorts(body: unknown): Listener[] {
  if (!Array.isArray(body)) return [];
  return body.flatMap((container: unknown): Listener[] => {
    const { Names, Ports } = (container ?? {}) as { Names?: unknown; Ports?: unknown };
    const name = Array.isArray(Names) ? textOf(Names[0]).replace(/^\//, '') : '';
    return (Array.isArray(Ports) ? Ports : []).flatMap((each: unknown): Listener[] => {
      const { IP, PublicPort, Type } = (each ?? {}) as { IP?: unknown; PublicPort?: unknown; Type?: unknown };
      if (!isPort(PublicPort) || (Type !== 'tcp' && Type !== 'udp')) return [];
      return [
        {
          protocol: Type,
          port: PublicPort,
          loopback: /^(127\.|::1$)/.test(textOf(IP)),
          owner: `container ${name}`,
        },
      ];
    });
  });
}
