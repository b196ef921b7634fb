import { HOST } from './addresses.ts';
import type { Container } from './containers.ts';

/** Something that a client may dial. */
export interface Target {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** The addresses and the port as dialled. A missing family can't be dialled at all. */
  readonly v4?: string;
  readonly v6?: string;
  readonly port: number;
  /** What answers: its banner's first word. */
  readonly service: string;
  /** Where the packet goes: a program of the host, Docker's NAT or proxy, or straight to a container's own address. */
  readonly kind: 'host' | 'published' | 'direct';
  /** Who gets an answer without a firewall: anyone, who has a route to the container (until Docker 27), or nobody. */
  readonly reach: 'anyone' | 'routed' | 'nobody';
  /** One of the ports of `PUBLIC_PORTS`. */
  readonly public: boolean;
  /** Served by something with a long accept queue, fit for streams and floods. busybox drops a third SYN at a time. */
  readonly streams: boolean;
}

/** Ports that a test's config opens to everyone. */
export const PUBLIC_PORTS = ['22/tcp', '500/udp', '443/tcp', '53/udp'] as const;

export type ContainerName =
  | 'web'
  | 'public-web'
  | 'local'
  | 'app'
  | 'second'
  | 'custom'
  | 'internal'
  | 'six'
  | 'host-network';

type Details = Partial<Omit<Target, 'name' | 'port' | 'service' | 'kind'>>;

/** A port of the host's own addresses, whoever serves it. */
function onHost(kind: 'host' | 'published', name: string, service: string, port: number, more: Details = {}): Target {
  const defaults = { protocol: 'tcp', reach: 'anyone', public: false, streams: false } as const;
  return { ...defaults, ...HOST, name, kind, service, port, ...more };
}

/** A container's own address and port. */
function direct(name: string, container: Container, port: number, more: Details = {}): Target {
  const v6 = container.v6 === '' ? {} : { v6: container.v6 };
  const defaults = { protocol: 'tcp', reach: 'routed', public: false, streams: false } as const;
  return { ...defaults, kind: 'direct', name, service: container.name, v4: container.v4, ...v6, port, ...more };
}

const STREAMS = { streams: true };
const PUBLIC = { public: true };
const UDP = { protocol: 'udp', streams: true } as const;

/**
 * The standard set; where it is served is told in populate.ts. A published port answers on IPv6 through docker-proxy:
 * with `userland-proxy: false` it refuses there, unless ip6tables is on and the container has an IPv6 address.
 */
export function standardTargets(containers: Readonly<Record<ContainerName, Container>>): Target[] {
  return [
    onHost('host', 'host tcp', 'host', 7000, STREAMS),
    onHost('host', 'host udp', 'host', 7000, UDP),
    onHost('host', 'public host tcp', 'host', 22, { ...STREAMS, ...PUBLIC }),
    onHost('host', 'public host udp', 'host', 500, { ...UDP, ...PUBLIC }),
    onHost('host', 'host network container', 'host-network', 7100),
    onHost('published', 'published tcp', 'web', 8081, STREAMS),
    onHost('published', 'published udp', 'web', 5301, UDP),
    onHost('published', 'public published tcp', 'public-web', 443, PUBLIC),
    onHost('published', 'public published udp', 'public-web', 53, { ...UDP, ...PUBLIC }),
    onHost('published', '8080:80 on a user network', 'app', 8080, STREAMS),
    onHost('published', 'first of a range', 'app', 9000, STREAMS),
    onHost('published', 'last of a range', 'app', 9003, STREAMS),
    onHost('published', 'another network', 'second', 8091),
    onHost('published', 'custom bridge name', 'custom', 8092),
    onHost('published', 'tcp on an IPv6 network', 'six', 8093),
    onHost('published', 'udp on an IPv6 network', 'six', 5303, UDP),
    onHost('published', 'published on loopback', 'local', 7200, { reach: 'nobody' }),
    direct('address behind a loopback port', containers.local, 80),
    direct('address behind a published port', containers.web, 81, STREAMS),
    direct('address behind a published udp port', containers.web, 53, UDP),
    direct('unpublished port', containers.web, 82, STREAMS),
    direct('unpublished port on a user network', containers.second, 81),
    direct('unpublished port on an IPv6 network', containers.six, 81),
    direct('internal network', containers.internal, 80, { reach: 'nobody' }),
  ];
}
