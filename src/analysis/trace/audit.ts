import type { Address } from '../../net/address.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { Protocol } from '../../net/port.ts';
import type { Container, Inventory, Listening } from './inventory.ts';
import type { Machine, MachineLink } from './machine.ts';
import { type Reach, whoReaches } from './reach.ts';

/** `host-network`: a container's program on the machine's own network. `beyond`: no rule of this machine sees its packets. */
export type RowKind = 'program' | 'host-network' | 'published' | 'container' | 'beyond';

/** Something that answers, and who may ask it. */
export interface AuditRow {
  readonly kind: RowKind;
  readonly name: string;
  readonly protocol: Protocol | undefined;
  /** Undefined: any port of a container. */
  readonly port: number | undefined;
  /** A family is missing where it can't be dialled. */
  readonly reach: Partial<Readonly<Record<Family, Reach>>>;
  /** It answers the machine itself alone. */
  readonly loopback: boolean;
}

const NUMBER: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17 };

/** Every row of the audit, by port. */
export function auditRows(machine: Machine, inventory: Inventory): AuditRow[] {
  const outer = outerLinks(machine, inventory);
  const published = inventory.containers.flatMap((each) => publishedRows(machine, outer, each));
  const isProxy = ({ program, port, protocol }: Listening): boolean =>
    program === 'docker-proxy' ||
    (program === undefined && published.some((row) => row.port === port && row.protocol === protocol));
  const programs = inventory.listeners
    .filter((each) => !isProxy(each))
    .map((each) => ({ ...programRow(machine, outer, each), ...whose(each, inventory.containers) }));
  const rows = [...programs, ...published].toSorted((a, b) => (a.port ?? 0) - (b.port ?? 0));
  return [...joined(rows), ...inventory.containers.flatMap((each) => directRows(machine, outer, each))];
}

/** The links that strangers are behind: not the loopback, nor the inner side of Docker's networks. */
export function outerLinks({ links }: Machine, { bridges }: Pick<Inventory, 'bridges'>): readonly MachineLink[] {
  const isInner = (name: string): boolean => bridges.includes(name) || /^(lo$|docker|br-|veth|virbr)/.test(name);
  return links.filter(({ name, addresses }) => addresses.length > 0 && !isInner(name));
}

/** Nobody else dials a link-local address. */
const isDialled = ({ family, value }: Address): boolean => family === 4 || value >> 118n !== 0x3fan;

const ownAddress = (outer: readonly MachineLink[], family: Family): Address | undefined =>
  outer
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    .find((address) => address.family === family && isDialled(address));

function reachOf(
  machine: Machine,
  outer: readonly MachineLink[],
  address: Address | undefined,
  protocol: Protocol,
  port: number,
): Reach | undefined {
  if (address === undefined || !isDialled(address)) return undefined;
  const names = outer.map(({ name }) => name);
  return whoReaches(machine, { address, protocol: NUMBER[protocol], port }, names);
}

const isLoopback = ({ family, value }: Address): boolean => (family === 4 ? value >> 24n === 127n : value === 1n);

/** Whoever runs it knows a container by its own name, not by that of the program in it. */
function whose({ container, program }: Listening, containers: readonly Container[]): Pick<AuditRow, 'kind' | 'name'> {
  const owner = containers.find(({ id }) => id === container);
  return owner ? { kind: 'host-network', name: owner.name } : { kind: 'program', name: program ?? 'a program' };
}

type Found = Omit<AuditRow, 'kind' | 'name'>;

function programRow(machine: Machine, outer: readonly MachineLink[], socket: Listening): Found {
  const { protocol, port, address, link } = socket;
  const loopback = (address !== undefined && isLoopback(address)) || link === 'lo';
  const links = link === undefined ? outer : outer.filter(({ name }) => name === link);
  const reach = (family: Family): Reach | undefined =>
    loopback ? undefined : reachOf(machine, links, address ?? ownAddress(links, family), protocol, port);
  return { protocol, port, reach: byFamily(socket.families, reach), loopback };
}

function publishedRows(machine: Machine, outer: readonly MachineLink[], container: Container): AuditRow[] {
  return container.published.map(({ protocol, port, address, family }) => {
    const families = family === undefined ? FAMILIES : [family];
    const loopback = address !== undefined && isLoopback(address);
    const reach = (each: Family): Reach | undefined =>
      loopback ? undefined : reachOf(machine, outer, address ?? ownAddress(outer, each), protocol, port);
    return { kind: 'published', name: container.name, protocol, port, reach: byFamily(families, reach), loopback };
  });
}

/** A port that nobody names, for what holds for any. */
const UNNAMED = { protocol: 'tcp', port: 9 } as const;
const BEYOND = new Set(['macvlan', 'ipvlan']);

function directRows(machine: Machine, outer: readonly MachineLink[], container: Container): AuditRow[] {
  const { name, networks, ports } = container;
  return networks
    .filter(({ driver, addresses }) => driver !== 'host' && (addresses.length > 0 || BEYOND.has(driver)))
    .map((network): AuditRow => {
      const shared = { name: `${name} (${network.name})`, protocol: undefined, port: undefined, loopback: false };
      if (BEYOND.has(network.driver)) return { ...shared, kind: 'beyond', reach: {} };
      const reach = (family: Family): Reach | undefined => {
        const address = network.addresses.find((each) => each.family === family);
        const all = [...ports, UNNAMED].flatMap(
          ({ protocol, port }) => reachOf(machine, outer, address, protocol, port) ?? [],
        );
        return all.toSorted((a, b) => b.may.share() - a.may.share())[0];
      };
      return { ...shared, kind: 'container', reach: byFamily(FAMILIES, reach) };
    });
}

function byFamily(families: readonly Family[], reach: (family: Family) => Reach | undefined): AuditRow['reach'] {
  return Object.fromEntries(
    families.flatMap((family) => {
      const found = reach(family);
      return found ? [[family, found] as const] : [];
    }),
  );
}

/** One row for a program that listens in each family by a socket of its own. */
function joined(rows: readonly AuditRow[]): AuditRow[] {
  const found = new Map<string, AuditRow>();
  for (const row of rows) {
    const key = [row.kind, row.name, row.protocol, row.port, row.loopback].join(' ');
    const before = found.get(key);
    found.set(key, before ? { ...before, reach: widerOf(before.reach, row.reach) } : row);
  }
  return [...found.values()];
}

const widerOf = (a: AuditRow['reach'], b: AuditRow['reach']): AuditRow['reach'] =>
  byFamily(FAMILIES, (family) => {
    const [one, other] = [a[family], b[family]];
    if (!one || !other) return one ?? other;
    return one.may.share() >= other.may.share() ? one : other;
  });

/** Links and addresses of a machine of which only the rules are known. */
export const ASSUMED_LINK: MachineLink = {
  name: 'eth0',
  addresses: [
    { address: { family: 4, value: 0xc000_0201n }, length: 24 },
    { address: { family: 6, value: (0x2001_0db8n << 96n) | 1n }, length: 64 },
  ],
};
