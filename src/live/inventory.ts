import type { Container, ContainerNetwork, Inventory, Listening, Published } from '../analysis/trace/inventory.ts';
import { type Address, parseAddress } from '../net/address.ts';
import type { Protocol } from '../net/port.ts';
import type { Dumps } from './dumps.ts';
import { containerIn } from './cgroups.ts';
import { rows } from './whole-machine.ts';
import { bareAddress } from './sockets.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What listens and what Docker runs, from `ss` and from answers of Docker's API. What makes no sense is left out. */
export function inventoryOf({ texts }: Pick<Dumps, 'texts'>): Inventory {
  const networks = rows(texts.get('docker-networks.json'));
  const drivers = new Map(networks.map(({ Name, Driver }) => [text(Name), text(Driver)]));
  return {
    listeners: (texts.get('listeners')?.toString() ?? '').split('\n').flatMap(listening),
    containers: rows(texts.get('docker-containers.json')).map((raw) => container(raw, drivers)),
    bridges: networks.flatMap(bridgeOf),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const record = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** Whoever named it must not write to the terminal of whoever reads it. */
const printable = (name: string): string => name.replaceAll(/[^ -~]/g, '?').slice(0, 40);

function bridgeOf({ Name, Id, Driver, Options }: Raw): string[] {
  const name = text(record(Options)['com.docker.network.bridge.name']);
  if (Name === 'docker_gwbridge') return ['docker_gwbridge'];
  return Driver === 'bridge' ? [name || `br-${text(Id).slice(0, 12)}`] : [];
}

/** `tcp LISTEN 0 128 0.0.0.0%eth0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3)) cgroup:/x`; `*` is both families. */
export function listening(line: string): Listening[] {
  const [protocol = '', , , , local = ''] = line.trim().split(/\s+/);
  const [, place = '', digits] = /^(.*):(\d+)$/.exec(local) ?? [];
  if ((protocol !== 'tcp' && protocol !== 'udp') || digits === undefined) return [];
  const program = /users:\(\("(.*?)",/.exec(line)?.[1];
  const [, bare = '', link] = /^\[?([^\]%]*)\]?(?:%(.+?))?\]?$/.exec(place) ?? [];
  const address = addressIn(bareAddress(bare));
  const isAny = bare === '*' || address?.value === 0n || address === undefined;
  return [
    {
      protocol,
      port: Number(digits),
      address: isAny ? undefined : address,
      families: bare === '*' ? [4, 6] : [address?.family ?? 4],
      link,
      program: program === undefined ? undefined : printable(program),
      container: containerIn(line),
    },
  ];
}

function addressIn(value: unknown): Address | undefined {
  if (value === '::') return { family: 6, value: 0n };
  const parsed = parseAddress(text(value));
  return parsed.ok ? parsed.value : undefined;
}

function container(raw: Raw, drivers: ReadonlyMap<string, string>): Container {
  const ports = list(raw['Ports']).map(record);
  const networks = Object.entries(record(record(raw['NetworkSettings'])['Networks']));
  return {
    name: printable(text(list(raw['Names'])[0]).replace(/^\//, '')) || 'unnamed',
    id: text(raw['Id']),
    networks: networks.map(([name, network]) => networkOf(name, record(network), drivers)),
    published: ports.flatMap(publishedOf),
    ports: ports.flatMap(({ PrivatePort, Type }) =>
      isProtocol(Type) && typeof PrivatePort === 'number' ? [{ protocol: Type, port: PrivatePort }] : [],
    ),
  };
}

const isProtocol = (value: unknown): value is Protocol => value === 'tcp' || value === 'udp';

function networkOf(name: string, network: Raw, drivers: ReadonlyMap<string, string>): ContainerNetwork {
  const addresses = [network['IPAddress'], network['GlobalIPv6Address']].flatMap((each) => addressIn(each) ?? []);
  return { name: printable(name), driver: drivers.get(name) ?? 'unknown', addresses };
}

function publishedOf({ IP, PublicPort, Type }: Raw): Published[] {
  if (!isProtocol(Type) || typeof PublicPort !== 'number') return [];
  const address = addressIn(IP);
  const isAny = address === undefined || address.value === 0n;
  return [{ protocol: Type, port: PublicPort, address: isAny ? undefined : address, family: address?.family }];
}
