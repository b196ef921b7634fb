const ELSEWHERE = { iptables: '-m addrtype --dst-type UNICAST', ip6tables: '-m addrtype ! --dst-type LOCAL,ANYCAST' };
const BRIDGES = ['docker0', 'docker_gwbridge'];

/** As `minimum_rules` of packaging/boot/seawall-boot.sh, as far as the fake kernel knows its words: closed, but for SSH. */
export const minimumRules = (tool: 'iptables' | 'ip6tables'): string =>
  [
    '*mangle',
    ':SEAWALL-PRE - [0:0]',
    ':SEAWALL-FWD - [0:0]',
    `-A SEAWALL-PRE ${ELSEWHERE[tool]} -j RETURN`,
    ...['lo', ...BRIDGES].map((link) => `-A SEAWALL-PRE -i ${link} -j RETURN`),
    '-A SEAWALL-PRE -p tcp -m tcp --dport 22 -j RETURN',
    '-A SEAWALL-PRE -j DROP',
    '-A SEAWALL-FWD -m conntrack --ctstate DNAT -j RETURN',
    ...BRIDGES.map((link) => `-A SEAWALL-FWD -i ${link} -j RETURN`),
    '-A SEAWALL-FWD -j DROP',
    'COMMIT\n',
  ].join('\n');
