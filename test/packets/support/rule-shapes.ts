import { SOURCES, TRUSTED } from '../../../lab/addresses.ts';
import { type World, mustExec } from '../../../lab/world.ts';

/** Rule sets in the form of firewalls that people have; each lets SSH in from everywhere, and one client to everything. */
export interface Shape {
  readonly name: string;
  set(world: World): Promise<void>;
  unset(world: World): Promise<void>;
}

const restore = async (world: World, text: (words: typeof WORDS) => string): Promise<void> => {
  await mustExecInput(world, ['iptables-restore', '--noflush'], text(WORDS));
  await mustExecInput(world, ['ip6tables-restore', '--noflush'], text(WORDS6));
};

const mustExecInput = async (world: World, argv: readonly string[], input: string): Promise<void> => {
  const { code, stderr } = await world.exec('host', argv, { input });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
};

const WORDS = { trusted: `${TRUSTED.single.v4}/32`, name: 'ufw', icmp: '-p icmp', set: 'role4' };
const WORDS6 = { trusted: `${TRUSTED.single.v6}/128`, name: 'ufw6', icmp: '-p ipv6-icmp', set: 'role6' };

/** Filter INPUT closed, as ufw has it: chains of its own, limits, and a log behind. Docker's ports go past it. */
const UFW = ({ trusted, name, icmp }: typeof WORDS): string => `*filter
:INPUT DROP
:${name}-before-input - [0:0]
:${name}-user-input - [0:0]
:${name}-after-input - [0:0]
:${name}-not-local - [0:0]
:${name}-user-limit - [0:0]
-A INPUT -j ${name}-before-input
-A INPUT -j ${name}-user-input
-A INPUT -j ${name}-after-input
-A ${name}-before-input -i lo -j ACCEPT
-A ${name}-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ${name}-before-input -m conntrack --ctstate INVALID -j DROP
-A ${name}-before-input ${icmp} -j ACCEPT
-A ${name}-before-input -j ${name}-not-local
-A ${name}-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ${name}-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ${name}-not-local -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A ${name}-not-local -j DROP
-A ${name}-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ${name}-user-input -s ${trusted} -j ACCEPT
-A ${name}-after-input -p udp -m udp --dport 137 -j DROP
COMMIT
`;

const UNDO_UFW = (words: typeof WORDS): string => {
  const chains = [...UFW(words).matchAll(/^:(ufw\S+)/gm)].map(([, name]) => name);
  return `*filter
:INPUT ACCEPT
${[...UFW(words).matchAll(/^-A (INPUT .*)$/gm)].map(([, rule]) => `-D ${rule}`).join('\n')}
${chains.map((name) => `-F ${name}`).join('\n')}
${chains.map((name) => `-X ${name}`).join('\n')}
COMMIT
`;
};

/** As firewalld writes nftables: zones by interface, chains by step, sets, a reject at the end. */
const FIREWALLD = `table inet firewalld {
  set trusted4 { type ipv4_addr; flags interval; elements = { ${TRUSTED.single.v4} } }
  set trusted6 { type ipv6_addr; flags interval; elements = { ${TRUSTED.single.v6} } }
  chain filter_INPUT {
    type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_INPUT_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    iifname "eth0" goto filter_FWD_public
  }
  chain filter_FWD_public {
    ip saddr @trusted4 accept
    ip6 saddr @trusted6 accept
    reject with icmpx admin-prohibited
  }
  chain filter_INPUT_ZONES {
    iifname vmap { "eth0" : goto filter_IN_public }
    goto filter_IN_public
  }
  chain filter_IN_public {
    jump filter_IN_public_allow
    meta l4proto { icmp, ipv6-icmp } accept
  }
  chain filter_IN_public_allow {
    tcp dport 22 accept
    ip saddr @trusted4 accept
    ip6 saddr @trusted6 accept
  }
}
`;

/** The role that many have: a set of trusted addresses, and DOCKER-USER and INPUT that drop the rest. */
const ROLE = ({ set }: typeof WORDS): string => `*filter
-I DOCKER-USER -i eth0 -j DROP
-I DOCKER-USER -i eth0 -m set --match-set ${set} src -j RETURN
-I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-I INPUT -i eth0 -j DROP
-I INPUT -i eth0 -p tcp -m multiport --dports 22,2222 -j ACCEPT
-I INPUT -i eth0 -m set --match-set ${set} src -j ACCEPT
-I INPUT -i eth0 -p ipv6-icmp -j ACCEPT
-I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`;

/** What the second client shows: a set may hold more than one address. */
const ROLE_SETS = `create role4 hash:net family inet
create role6 hash:net family inet6
add role4 ${TRUSTED.single.v4}
add role4 ${SOURCES['first of the prefix'].v4}/20
add role6 ${TRUSTED.single.v6}
`;

const withDocker6 = (world: World): Promise<unknown> =>
  world.exec('host', [
    'sh',
    '-c',
    'ip6tables -n -L DOCKER-USER || { ip6tables -N DOCKER-USER; ip6tables -I FORWARD -j DOCKER-USER; }',
  ]);

const nothing = (): Promise<void> => Promise.resolve();

export const SHAPES: readonly Shape[] = [
  { name: 'plain Docker', set: nothing, unset: nothing },
  { name: 'ufw', set: (world) => restore(world, UFW), unset: (world) => restore(world, UNDO_UFW) },
  {
    name: 'firewalld',
    set: (world) => mustExecInput(world, ['nft', '-f', '-'], FIREWALLD),
    unset: async (world) => void (await mustExec(world, 'host', ['nft', 'delete', 'table', 'inet', 'firewalld'])),
  },
  {
    name: 'DOCKER-USER and ipset',
    set: async (world) => {
      await withDocker6(world);
      await mustExecInput(world, ['ipset', 'restore'], ROLE_SETS);
      await restore(world, ROLE);
    },
    unset: async (world) => {
      await restore(world, (words) => ROLE(words).replaceAll('-I ', '-D '));
      await mustExecInput(world, ['ipset', 'restore'], 'destroy role4\ndestroy role6\n');
    },
  },
  {
    name: 'Seawall',
    set: async (world) => {
      const { single } = TRUSTED;
      await world.writeConfig(`version: 1\ntrusted: [${single.v4}, '${single.v6}']\npublic: [22/tcp, 8080/tcp]\n`);
      const { code, stderr } = await world.seawall(['apply', '--yes']);
      if (code !== 0) throw new Error(stderr);
    },
    unset: async (world) => void (await world.seawall(['down', '--yes'])),
  },
];
