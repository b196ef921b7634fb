import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, SOURCES, TRUSTED } from '../../../lab/addresses.ts';
import { must } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';

/** Ports that no config of these tests opens to everyone. */
export const DENIED = {
  tcp: [7000, 7100, 8080, 8081, 8093, '9000-9003', 18080],
  udp: [7000, 5301, 5303, 18053],
} as const;

/** Packets, exactly. */
export interface Reading {
  /** Of strangers, to a denied port of the host, that are still there behind the mangle table. */
  readonly leaked: number;
  /** Of strangers, to a container's own address, that are still there behind the mangle table. */
  readonly leakedDirect: number;
  /** Of friends, that came into a hook but not out of the mangle table of that hook. */
  readonly lost: number;
  /** What of them tracking itself threw away, and what of friends it called invalid: where to look for what was lost. */
  readonly untracked: number;
  readonly invalid: number;
  /** Of friends, that came in at all: 0 would mean that `lost` says nothing. */
  readonly friends: number;
}

/** What came to be between two readings. */
export const between = (before: Reading, after: Reading): Reading => ({
  leaked: after.leaked - before.leaked,
  leakedDirect: after.leakedDirect - before.leakedDirect,
  lost: after.lost - before.lost,
  untracked: after.untracked - before.untracked,
  invalid: after.invalid - before.invalid,
  friends: after.friends - before.friends,
});

/**
 * Counts in the host's kernel, right before and right behind the place where Seawall judges. Behind it nothing of
 * Docker has been asked yet, so what Docker itself interrupts doesn't count, and neither does a client that was too
 * busy to see its answer in time.
 */
export class Meter {
  readonly #world: World;

  private constructor(world: World) {
    this.#world = world;
  }

  static async start(world: World): Promise<Meter> {
    await must([...world.enter('host'), 'nft', '-f', '-'], { input: TABLE });
    return new Meter(world);
  }

  /** Once friends are silent: while a packet may be between two counters, `lost` isn't exact. */
  async settled(): Promise<Reading> {
    let reading = await this.read();
    for (let tries = 0; tries < 40; tries++) {
      const before = reading;
      await sleep(50);
      reading = await this.read();
      if (reading.friends === before.friends && reading.lost === before.lost) break;
    }
    return reading;
  }

  /** Since the start. */
  async read(): Promise<Reading> {
    const text = await this.#nft(['-j', 'list', 'counters', 'table', 'inet', NAME]);
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] };
    const packets = new Map(nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])));
    const of = (name: string): number => packets.get(name) ?? Number.NaN;
    return {
      leaked: of('leaked'),
      leakedDirect: of('leaked_direct'),
      lost: of('arriving_before') - of('arriving_behind') + of('passing_before') - of('passing_behind'),
      untracked: of('arriving_before') - of('arriving_tracked'),
      invalid: of('arriving_invalid'),
      friends: of('arriving_before'),
    };
  }

  #nft(args: readonly string[]): Promise<string> {
    return must([...this.#world.enter('host'), 'nft', ...args]);
  }
}

const NAME = 'lab_meter';

const strangers = Object.values(SOURCES).filter(({ node }) => node === 'untrusted');
const set = (name: string, type: string, elements: readonly (string | number)[]): string =>
  `set ${name} { type ${type}; flags interval; elements = { ${elements.join(', ')} } }`;
const listOf = (items: readonly (string | number)[]): string => `{ ${items.join(', ')} }`;

/** UDP, and of TCP what opens a connection or carries on with one: only of a reset may the kernel think as it likes. */
const friendly = (counter: string, condition = ''): string => `
    ip saddr @friends4 meta l4proto udp ${condition} counter name ${counter}
    ip6 saddr @friends6 meta l4proto udp ${condition} counter name ${counter}
    ip saddr @friends4 tcp flags & (fin|rst) == 0 ${condition} counter name ${counter}
    ip6 saddr @friends6 tcp flags & (fin|rst) == 0 ${condition} counter name ${counter}`;

const deniedTo = (family: 4 | 6): string =>
  (['tcp', 'udp'] as const)
    .map((protocol) => {
      const [ip, host] = family === 4 ? ['ip', HOST.v4] : ['ip6', HOST.v6];
      const ports = listOf(DENIED[protocol]);
      return `${ip} saddr @strangers${family} ${ip} daddr ${host} ${protocol} dport ${ports} counter name leaked`;
    })
    .join('\n    ');

const chain = (name: string, hook: string, priority: number, rules: string): string =>
  `chain ${name} {\n    type filter hook ${hook} priority ${priority};${rules}\n  }`;

const COUNTERS = [
  'leaked',
  'leaked_direct',
  'arriving_tracked',
  'arriving_invalid',
  ...pairs('arriving'),
  ...pairs('passing'),
];
function pairs(name: string): string[] {
  return [`${name}_before`, `${name}_behind`];
}

const TABLE = `table inet ${NAME} {
  ${set(
    'strangers4',
    'ipv4_addr',
    strangers.map(({ v4 }) => v4),
  )}
  ${set(
    'strangers6',
    'ipv6_addr',
    strangers.map(({ v6 }) => v6),
  )}
  ${set('friends4', 'ipv4_addr', [TRUSTED.single.v4, TRUSTED.prefix.v4])}
  ${set('friends6', 'ipv6_addr', [TRUSTED.single.v6, TRUSTED.prefix.v6])}
  ${COUNTERS.map((name) => `counter ${name} { }`).join('\n  ')}
  ${chain('arriving', 'prerouting', -210, friendly('arriving_before'))}
  ${chain('tracked', 'prerouting', -151, friendly('arriving_tracked') + friendly('arriving_invalid', 'ct state invalid'))}
  ${chain(
    'arrived',
    'prerouting',
    -149,
    `${friendly('arriving_behind')}
    ${deniedTo(4)}
    ${deniedTo(6)}`,
  )}
  ${chain('passing', 'forward', -151, friendly('passing_before'))}
  ${chain(
    'passed',
    'forward',
    -149,
    `${friendly('passing_behind')}
    ip saddr @strangers4 ct status & dnat == 0 counter name leaked_direct
    ip6 saddr @strangers6 ct status & dnat == 0 counter name leaked_direct`,
  )}
}
`;
