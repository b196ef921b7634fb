import { HOST, INTERNET, SOURCES } from '../../../lab/addresses.ts';
import type { AgentClient } from '../../../lab/client.ts';
import { IP_VERSIONS, type IpVersion, addressOf } from './cells.ts';
import { frameCells } from './rule-frames.ts';
import type { Look } from './looks.ts';
import { forgetDenied, isNotedIn, NOTES, silence } from './own-sets.ts';
import type { RuleWorld } from './rule-world.ts';
import { mustExec } from '../../../lab/world.ts';

/** What must be so under the rules as they are. */
export interface RuleCell {
  readonly name: string;
  readonly version: IpVersion;
  /** Whether it is to get through. */
  readonly passes: boolean;
  readonly look: Look;
}

export type CellMaker = (name: string, passes: boolean, look: Look) => RuleCell;

export async function ruleCells(at: RuleWorld): Promise<RuleCell[]> {
  const made = await Promise.all(IP_VERSIONS.map((version) => cellsOfVersion(at, version)));
  return made.flat();
}

async function cellsOfVersion(at: RuleWorld, version: IpVersion): Promise<RuleCell[]> {
  const make: CellMaker = (name, passes, look) => ({ name: `${name} v${version}`, version, passes, look });
  const outside = await Promise.all(OUTSIDE.map((row) => outsideCell(at, version, make, row)));
  return [
    ...outside,
    ...(await insideCells(at, version, make)),
    ...(await cutCells(at, version, make)),
    ...frameCells(at, version, make),
    make('untrusted pings the host', true, {
      kind: 'ping',
      agent: await at.world.agent('untrusted'),
      address: addressOf(HOST, version) ?? '',
      from: addressOf(SOURCES.untrusted, version) ?? '',
    }),
    ...NOTES.map((notes) =>
      make(`whom the host turned away is remembered (${notes})`, true, {
        kind: 'state',
        holds: () => isNotedIn(at.world, notes, version, addressOf(SOURCES.untrusted, version) ?? '', 7000),
      }),
    ),
  ];
}

type SourceName = keyof typeof SOURCES;
type Row = readonly [
  name: string,
  source: SourceName,
  to: 'host' | 'container',
  protocol: 'tcp' | 'udp',
  port: number,
  passes: boolean,
];

const OUTSIDE: readonly Row[] = [
  ['untrusted → host', 'untrusted', 'host', 'tcp', 7000, false],
  ['untrusted → published port', 'untrusted', 'host', 'tcp', 8081, false],
  ['untrusted → container', 'untrusted', 'container', 'tcp', 82, false],
  ['untrusted → public port', 'untrusted', 'host', 'tcp', 22, true],
  ['untrusted → public udp port', 'untrusted', 'host', 'udp', 500, true],
  ['untrusted → public published port', 'untrusted', 'host', 'tcp', 443, true],
  ['trusted → host', 'single address', 'host', 'tcp', 7000, true],
  ['trusted → container', 'single address', 'container', 'tcp', 82, true],
  ['friend on a list → host', 'above the prefix', 'host', 'tcp', 7000, true],
  ['friend on a list → container', 'above the prefix', 'container', 'tcp', 82, true],
  ['blocked in a trusted prefix → public port', 'last of the prefix', 'host', 'tcp', 22, false],
  ['blocked in a trusted prefix → container', 'last of the prefix', 'container', 'tcp', 82, false],
  ['foe on a list → public port', 'below the prefix', 'host', 'tcp', 22, false],
  ['allowed → its tcp port', 'above the single address', 'host', 'tcp', 7000, true],
  ['allowed → its udp port', 'above the single address', 'host', 'udp', 7000, true],
  ['allowed → another port', 'above the single address', 'host', 'tcp', 8081, false],
];

async function outsideCell(
  { world, containers }: RuleWorld,
  version: IpVersion,
  make: CellMaker,
  [name, source, to, protocol, port, passes]: Row,
): Promise<RuleCell> {
  const agent = await world.agent(SOURCES[source].node);
  const address = addressOf(to === 'host' ? HOST : containers.front, version) ?? '';
  const from = addressOf(SOURCES[source], version) ?? '';
  return make(name, passes, { kind: 'probe', agent, request: { protocol, address, port, from } });
}

async function insideCells({ world, containers, guests }: RuleWorld, version: IpVersion, make: CellMaker) {
  const [front, app, custom] = await Promise.all(['front', 'app', 'custom'].map((name) => world.containerAgent(name)));
  const [host, untrusted] = await Promise.all([world.agent('host'), world.agent('untrusted')]);
  const loopback = version === 4 ? '127.0.0.1' : '::1';
  type At = { readonly v4: string; readonly v6: string };
  const cell = (
    name: string,
    passes: boolean,
    agent: AgentClient | undefined,
    to: At | string,
    port: number,
  ): RuleCell[] => {
    if (agent === undefined) return [];
    const address = typeof to === 'string' ? to : (addressOf(to, version) ?? '');
    return [make(name, passes, { kind: 'probe', agent, request: { protocol: 'tcp', address, port } })];
  };
  return [
    ...cell('the host → itself', true, host, HOST, 7000),
    ...cell('the host → loopback', true, host, loopback, 7000),
    ...cell('container on docker0 → host', true, front, HOST, 7000),
    ...cell('container on br-* → host', true, app, HOST, 7000),
    ...cell('container on a named bridge → host', true, custom, HOST, 7000),
    ...cell('container on docker_gwbridge → host', true, guests.gw1.agent, HOST, 7000),
    ...cell('container on docker0 → its neighbour', true, front, containers['front-peer'], 82),
    ...cell('container on br-* → its neighbour', true, app, containers['app-peer'], 82),
    ...cell('container on a named bridge → its neighbour', true, custom, containers['custom-peer'], 82),
    ...cell('container on docker_gwbridge → container on docker0', true, guests.gw1.agent, containers.front, 82),
    ...cell('guest → internet', true, guests.vm1.agent, INTERNET, 80),
    ...cell('guest → host', false, guests.vm1.agent, HOST, 7000),
    ...cell('guest → its neighbour', true, guests.vm1.agent, guests.vm2, 80),
    ...cell('outside → guest', true, untrusted, guests.vm1, 80),
    ...cell('guest on br-lan → its neighbour', true, guests.lan1.agent, guests.lan2, 80),
    ...cell('guest on br-lan → host', false, guests.lan1.agent, HOST, 7000),
    ...cell('guest on br-lan → container', false, guests.lan1.agent, containers.front, 82),
  ];
}

/** Source ports of connections that count as cut; see `startAfresh`. */
const CUT = { host: 4444, container: 4445 } as const;

/** A server that goes on sending on a connection that was cut. */
async function cutCells({ world, containers }: RuleWorld, version: IpVersion, make: CellMaker): Promise<RuleCell[]> {
  const [host, front] = await Promise.all([world.agent('host'), world.containerAgent('front')]);
  const to = { protocol: 'udp', address: addressOf(INTERNET, version) ?? '', port: 53 } as const;
  const cell = (name: string, passes: boolean, agent: AgentClient, sourcePort: number): RuleCell => {
    const from = addressOf(agent === host ? HOST : containers.front, version) ?? '';
    return make(name, passes, { kind: 'probe', agent, request: { ...to, from, sourcePort } });
  };
  return [
    cell('the host → whose connection was cut', false, host, CUT.host),
    cell('container → whose connection was cut', false, front, CUT.container),
  ];
}

/**
 * What earlier packets left behind is taken away: connections that are known (a packet that once got through would go
 * on doing so), who was denied, and where the neighbours are, so that neighbour discovery has something to do.
 */
export async function startAfresh({ world }: RuleWorld): Promise<void> {
  const lines = IP_VERSIONS.flatMap((version) => [
    forgetDenied(version),
    ...Object.values(CUT).map((port) => silence(version, addressOf(INTERNET, version) ?? '', 'udp', port)),
  ]);
  const script = [...lines, 'conntrack -F', 'ip -6 neigh flush dev eth0'].join('; ');
  await Promise.all([
    mustExec(world, 'host', ['sh', '-c', script]),
    mustExec(world, 'net', ['ip', '-6', 'neigh', 'flush', 'dev', 'outer']),
  ]);
}
