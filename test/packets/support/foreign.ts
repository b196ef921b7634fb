import { must } from '../../../lab/command.ts';
import type { Snapshot } from '../../../lab/snapshot.ts';
import type { World } from '../../../lab/world.ts';

/** Rules as ufw, fail2ban, VPN scripts and people leave them, for both IP versions alike. */
const RULES = [
  '-N ufw-before-input',
  '-N ufw-user-input',
  '-N f2b-sshd',
  '-A INPUT -j ufw-before-input',
  '-A ufw-before-input -i lo -j ACCEPT',
  '-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A ufw-before-input -j ufw-user-input',
  '-A ufw-user-input -p tcp --dport 22 -j ACCEPT',
  '-I INPUT 1 -p tcp -m multiport --dports 22,2222 -j f2b-sshd',
  '-A f2b-sshd -j RETURN',
  '-A INPUT -m comment --comment "seawall is not in this \\"name\\"" -p udp --dport 9 -j DROP',
  '-t mangle -N SEA-LEVEL',
  '-t mangle -A SEA-LEVEL -j MARK --set-xmark 0x7/0xff',
  '-t mangle -A PREROUTING -i wg0 -j SEA-LEVEL',
  '-t mangle -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
  '-t mangle -A POSTROUTING -o wg0 -j MARK --set-xmark 0x1/0x1',
  '-t raw -A PREROUTING -p udp --dport 5300 -j CT --notrack',
  '-t nat -A PREROUTING -p tcp --dport 8443 -j REDIRECT --to-ports 443',
] as const;

const SETS = `create blocklist hash:net family inet
add blocklist 192.0.2.0/28
add blocklist 192.0.2.77
create blocklist6 hash:net family inet6
add blocklist6 2001:db8:77::/48
create sea-ports bitmap:port range 0-65535
add sea-ports 8080
`;

const NFT = `table inet somebody {
  set addresses { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }
  chain input { type filter hook input priority 10; policy accept; ip saddr @addresses counter drop; }
}
`;

/** Makes the host one on which others have been at work. */
export async function makeForeign(world: World): Promise<void> {
  const env = { PATH: `${world.dir}/bin:${process.env['PATH'] ?? ''}` };
  const host = world.enter('host');
  await must([...host, 'ipset', 'restore'], { input: SETS });
  for (const tool of ['iptables', 'ip6tables']) {
    const lines = RULES.map((rule) => `${tool} -w 10 ${rule}\n`).join('');
    const set = tool === 'iptables' ? 'blocklist' : 'blocklist6';
    const banned = `${tool} -w 10 -I INPUT 1 -m set --match-set ${set} src -j DROP\n`;
    await must([...host, 'sh', '-e'], { input: lines + banned, env });
  }
  await must([...host, 'nft', '-f', '-'], { input: NFT });
}

/**
 * What is not Seawall's, in the order in which it stands. Own chains start with SEAWALL-, own sets with seawall-, and
 * a rule that jumps to such a chain is own too: nothing else is.
 */
export function foreignPart({ iptables, ip6tables, legacy, ipset, sysctl }: Snapshot): Record<string, string> {
  return {
    iptables: withoutOwn(iptables),
    ip6tables: withoutOwn(ip6tables),
    legacy: withoutOwn(legacy),
    ipset: lines(ipset, (line) => !/^(create|add) seawall-/.test(line)),
    sysctl,
  };
}

/** A table in which nobody has a rule or a chain says nothing, whether it is there or not. */
function withoutOwn(text: string): string {
  const own = /^:SEAWALL-|^-A SEAWALL-|^-A \S+ .*-j SEAWALL-[A-Z]+$/;
  const rest = lines(text, (line) => !own.test(line));
  const tables = rest.split(/(?<=^COMMIT\n)/m);
  return tables.filter((table) => /^-A |^:\S+ (?!ACCEPT)/m.test(table)).join('');
}

const lines = (text: string, keep: (line: string) => boolean): string => text.split('\n').filter(keep).join('\n');
