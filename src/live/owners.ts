import type { Flow } from '../analysis/flow.ts';
import { sameAddress } from '../analysis/session.ts';
import type { Effects } from '../effects/types.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { readSockets, type Socket } from './sockets.ts';

/** Who serves a connection: a program, or `container NAME`; undefined where it can't be seen. */
export type OwnerOf = (flow: Flow) => string | undefined;

/** Looks at all sockets and asks Docker for its containers, so it is for when there is something to name. Never fails. */
export async function readOwners(effects: Pick<Effects, 'exec' | 'docker'>): Promise<OwnerOf> {
  const [sockets, reply] = await Promise.all([
    readSockets(effects, ['-t', '-u', '-a']),
    effects.docker.get('/containers/json'),
  ]);
  const containers = reply.ok ? parseContainers(reply.body) : [];
  return (flow) => {
    const behind = containers.find(({ addresses }) => addresses.some((each) => sameAddress(each, serverOf(flow))));
    if (behind) return behind.name;
    const program = programOf(sockets ?? [], flow);
    const isPublished = program === undefined || program === PROXY;
    const publisher = isPublished ? containers.find(({ published }) => published.has(portText(flow))) : undefined;
    return publisher?.name ?? program;
  };
}

/** Docker's proxy takes connections for a container. */
const PROXY = 'docker-proxy';

const serverOf = ({ server, destination }: Flow): Address => server ?? destination;
const portText = ({ protocol, port }: Pick<Flow, 'protocol' | 'port'>): string => `${port}/${protocol}`;

/** The socket of this very connection; for UDP also one that talks to everybody. */
function programOf(sockets: readonly Socket[], flow: Flow): string | undefined {
  const own = sockets.filter(({ protocol, localPort }) => protocol === flow.protocol && localPort === flow.serverPort);
  const talking = own.find(({ peer }) => peer?.port === flow.sourcePort && sameAddress(peer.address, flow.source));
  const open = flow.protocol === 'udp' && flow.server === undefined ? own.find(({ peer }) => !peer) : undefined;
  const name = (talking ?? open)?.owners[0]?.name;
  return name === undefined ? undefined : printable(name);
}

interface Container {
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly published: ReadonlySet<string>;
}

function parseContainers(body: unknown): Container[] {
  return list(body).map((raw) => {
    const { Names, Ports, NetworkSettings } = record(raw);
    const networks = Object.values(record(record(NetworkSettings)['Networks'])).map(record);
    return {
      name: `container ${printable(String(list(Names)[0] ?? '?').replace(/^\//, ''))}`,
      addresses: networks.flatMap((each) => [each['IPAddress'], each['GlobalIPv6Address']].flatMap(addressIn)),
      published: new Set(
        list(Ports).map((port) => `${String(record(port)['PublicPort'])}/${String(record(port)['Type'])}`),
      ),
    };
  });
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function addressIn(value: unknown): Address[] {
  const parsed = parseAddress(typeof value === 'string' ? value : '');
  return parsed.ok ? [parsed.value] : [];
}

/** Whoever named it must not write to the terminal of whoever reads it. */
const printable = (name: string): string => name.replaceAll(/[^ -~]/g, '?').slice(0, 60);
