// What each match and each target of iptables means, negations included; what can't be told may match and may not.
import { describe, expect, test } from 'vitest';
import { parseIptables } from '../../../../src/iptables/whole/parse.ts';
import type { Family } from '../../../../src/net/family.ts';
import { shownRule } from '../../../support/shown-rules.ts';

function read(rule: string, family: Family): string {
  const text = `*filter\n:INPUT ACCEPT [0:0]\n:own - [0:0]\n:LOG - [0:0]\n-A INPUT ${rule}\nCOMMIT\n`;
  const [only] = parseIptables(text, family)[0]?.chains.get('INPUT')?.rules ?? [];
  if (!only) throw new Error('no rule');
  expect(only.text).toBe(rule);
  return shownRule(only);
}

const ALL = '0xffffffff';
const TRACKED = '!state(invalid,untracked)';
const or = (condition: string): string => `any[state(invalid,untracked) | ${condition}]`;

describe.each<[string, [rule: string, meaning: string][]]>([
  [
    'addresses, links, protocols',
    [
      ['', '→ continue'],
      ['-s 10.1.2.3/32 -j DROP', 'src(10.1.2.3) → drop'],
      ['! -s 10.0.0.0/8 -j DROP', '!src(10.0.0.0-10.255.255.255) → drop'],
      ['-s 10.0.0.7/8 -j DROP', 'src(10.0.0.0-10.255.255.255) → drop'],
      ['-d 10.0.1.0/255.255.254.255 -j DROP', 'dst(10.0.0.0,10.0.1.0) → drop'],
      ['-d 10.0.0.1/0.0.0.255 -j DROP', 'open<-d 10.0.0.1/0.0.0.255> → drop'],
      ['-s 10.0.0.1,10.0.0.2 -j DROP', 'src(10.0.0.1,10.0.0.2) → drop'],
      ['-s host.example.com -j DROP', 'open<-s host.example.com> → drop'],
      ['-s 10.0.0.0/33 -j DROP', 'open<-s 10.0.0.0/33> → drop'],
      ['-s fd00::/8 -j DROP', 'open<-s fd00::/8> → drop'],
      ['-i eth0 -o br-+ -j ACCEPT', 'in(eth0) out(br-*) → accept'],
      ['! -i lo ! -o eth+ -j ACCEPT', '!in(lo) !out(eth*) → accept'],
      ['-i + -j ACCEPT', '→ accept'],
      ['! -i + -j ACCEPT', '!in(*) → accept'],
      ['-i eth* -j ACCEPT', 'open<-i eth*> → accept'],
      ['-p tcp -j ACCEPT', 'protocol(6) → accept'],
      ['! -p udp -j ACCEPT', '!protocol(17) → accept'],
      ['-p 47 -j ACCEPT', 'protocol(47) → accept'],
      ['-p esp -j ACCEPT', 'protocol(50) → accept'],
      ['-p all -j ACCEPT', '→ accept'],
      ['-p nonesuch -j ACCEPT', 'open<-p nonesuch> → accept'],
      ['-f -j DROP', 'fragment → drop'],
      ['! -f -j DROP', '!fragment → drop'],
    ],
  ],
  [
    'ports',
    [
      ['-p tcp -m tcp --dport 22 -j ACCEPT', 'protocol(6) dst-port(22) → accept'],
      ['-p tcp -m tcp ! --dport 22 -j DROP', 'protocol(6) !dst-port(22) → drop'],
      [
        '-p tcp -m tcp --sport 1024:65535 --dport :1023',
        'protocol(6) src-port(1024-65535) dst-port(0-1023) → continue',
      ],
      ['-p udp -m udp --dport 60000: -j ACCEPT', 'protocol(17) dst-port(60000-65535) → accept'],
      ['-p tcp --dport ssh -j ACCEPT', 'protocol(6) dst-port(22) → accept'],
      ['-p tcp --dport ! 22 -j ACCEPT', 'protocol(6) !dst-port(22) → accept'],
      ['-p tcp -m state --state NEW --dport 22 -j ACCEPT', 'protocol(6) state(new) dst-port(22) → accept'],
      ['-j ACCEPT -p tcp --dport 22', 'protocol(6) dst-port(22) → accept'],
      ['-p tcp -m tcp --dport 22:21', 'protocol(6) open<--dport 22:21> → continue'],
      ['-p tcp -m tcp --dport 65536', 'protocol(6) open<--dport 65536> → continue'],
      ['-p sctp -m sctp --dport 9 -j DROP', 'protocol(132) dst-port(9) → drop'],
      ['-p sctp -m sctp --chunk-types any DATA -j DROP', 'protocol(132) open<--chunk-types any DATA> → drop'],
      ['-p dccp -m dccp --sport 9 -j DROP', 'protocol(33) src-port(9) → drop'],
      ['-p tcp -m multiport --dports 22,80,8000:8010 -j ACCEPT', 'protocol(6) dst-port(22,80,8000-8010) → accept'],
      ['-p udp -m multiport ! --sports 53,123 -j DROP', 'protocol(17) !src-port(53,123) → drop'],
      ['-p tcp -m multiport --ports 1,2 -j DROP', 'protocol(6) either-port(1,2) → drop'],
      ['-p tcp -m multiport --dports 1,x -j DROP', 'protocol(6) open<--dports 1,x> → drop'],
      ['-p tcp --dport 22 -m multiport --sports 1 -j DROP', 'protocol(6) dst-port(22) src-port(1) → drop'],
      ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP', 'protocol(6) flags(2 of 23) → drop'],
      ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP', 'protocol(6) !flags(2 of 23) → drop'],
      ['-p tcp --syn -j DROP', 'protocol(6) flags(2 of 23) → drop'],
      ['-p tcp ! --syn -j DROP', 'protocol(6) !flags(2 of 23) → drop'],
      ['-p tcp -m tcp --tcp-flags ALL NONE -j DROP', 'protocol(6) flags(0 of 63) → drop'],
      ['-p tcp -m tcp --tcp-option 8 -j DROP', 'protocol(6) open<--tcp-option 8> → drop'],
      ['-p tcp -m tcp --tcp-flags SYN constructor', 'protocol(6) open<--tcp-flags SYN constructor> → continue'],
    ],
  ],
  [
    'ICMP',
    [
      ['-p icmp -m icmp --icmp-type 8 -j ACCEPT', 'protocol(1) icmp(8) → accept'],
      ['-p icmp -m icmp --icmp-type 3/4 -j ACCEPT', 'protocol(1) icmp(3/4) → accept'],
      ['-p icmp -m icmp ! --icmp-type 8 -j DROP', 'protocol(1) !icmp(8) → drop'],
      ['-p icmp --icmp-type echo-request -j ACCEPT', 'protocol(1) icmp(8) → accept'],
      ['-p icmp --icmp-type fragmentation-needed -j ACCEPT', 'protocol(1) icmp(3/4) → accept'],
      ['-p icmp -m icmp --icmp-type any -j ACCEPT', 'protocol(1) icmp(0-255) → accept'],
      ['-p icmp -m icmp --icmp-type nothing -j ACCEPT', 'protocol(1) open<--icmp-type nothing> → accept'],
    ],
  ],
  [
    'connections',
    [
      ['-m state --state NEW,ESTABLISHED -j ACCEPT', 'state(new,established) → accept'],
      ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 'state(related,established) → accept'],
      ['-m conntrack ! --ctstate ESTABLISHED -j DROP', '!state(established) → drop'],
      ['-m conntrack --ctstate INVALID,UNTRACKED -j DROP', 'state(invalid,untracked) → drop'],
      ['-m conntrack --ctstate DNAT -j ACCEPT', 'dnat → accept'],
      ['-m conntrack ! --ctstate DNAT -j DROP', '!dnat → drop'],
      ['-m conntrack --ctstate ESTABLISHED,DNAT,SNAT -j ACCEPT', 'any[state(established) | dnat | snat] → accept'],
      ['-m conntrack ! --ctstate RELATED,DNAT -j ACCEPT', '!any[state(related) | dnat] → accept'],
      ['-m conntrack --ctstate NEW,ODD -j ACCEPT', 'open<--ctstate NEW,ODD> → accept'],
      // Without a connection nothing holds, not even a negation; but with --ctstate nothing else is asked then.
      ['-m conntrack --ctorigdstport 80 -j ACCEPT', `${TRACKED} original-dst(:80) → accept`],
      ['-m conntrack ! --ctorigdst 10.0.0.0/8 -j DROP', `${TRACKED} !original-dst(10.0.0.0-10.255.255.255) → drop`],
      ['-m conntrack --ctstate NEW --ctorigsrc 10.0.0.1 -j DROP', 'state(new) original-src(10.0.0.1) → drop'],
      [
        '-m conntrack ! --ctstate ESTABLISHED ! --ctorigsrcport 1:9 -j DROP',
        `!state(established) ${or('!original-src(:1-9)')} → drop`,
      ],
      ['-m conntrack --ctdir REPLY -j DROP', `${TRACKED} reply → drop`],
      ['-m conntrack --ctstatus ASSURED -j DROP', `${TRACKED} open<--ctstatus ASSURED> → drop`],
      ['-m conntrack --ctproto 6 -j DROP', `${TRACKED} open<--ctproto 6> → drop`],
      ['-m mark --mark 0x1/0xff -j DROP', 'packet-mark(0x1/0xff) → drop'],
      ['-m mark ! --mark 0x1 -j DROP', `!packet-mark(0x1/${ALL}) → drop`],
      ['-m mark --mark 7 -j DROP', `packet-mark(0x7/${ALL}) → drop`],
      ['-m mark --mark 0x100000000 -j DROP', 'open<--mark 0x100000000> → drop'],
      ['-m connmark ! --mark 0x2/0x2 -j DROP', `${TRACKED} !connection-mark(0x2/0x2) → drop`],
    ],
  ],
  [
    'kinds of addresses, and sets',
    [
      ['-m addrtype --dst-type LOCAL -j own', 'dst-type(local) → jump own'],
      ['-m addrtype ! --src-type LOCAL,BROADCAST -j DROP', '!src-type(local,broadcast) → drop'],
      [
        '-m addrtype ! --src-type LOCAL --dst-type UNICAST --limit-iface-in -j DROP',
        '!src-type(local on in) dst-type(unicast on in) → drop',
      ],
      ['-m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP', 'src(10.0.0.1-10.0.0.9) → drop'],
      ['-m iprange ! --dst-range 10.0.0.1-10.0.0.9 -j DROP', '!dst(10.0.0.1-10.0.0.9) → drop'],
      ['-m iprange --src-range 10.0.0.9-10.0.0.1 -j DROP', 'open<--src-range 10.0.0.9-10.0.0.1> → drop'],
      ['-m set --match-set trusted src -j ACCEPT', 'set(trusted src) → accept'],
      ['-m set ! --match-set trusted src,dst -j DROP', '!set(trusted src,dst) → drop'],
      ['-m set --match-set a src -m set ! --match-set b dst -j DROP', 'set(a src) !set(b dst) → drop'],
      ['-m set --match-set a src ! --update-counters -j DROP', 'set(a src) → drop'],
      ['-m set --match-set a src --packets-gt 5 -j DROP', 'set(a src) open<--packets-gt 5> → drop'],
      ['-m set --match-set a src --return-nomatch -j DROP', 'open<-m set --match-set a src --return-nomatch> → drop'],
    ],
  ],
  [
    'what is never decided here, and what says nothing',
    [
      ['-m comment --comment "ssh -j DROP \\"x\\"" -j ACCEPT', '→ accept'],
      ['-m comment --comment -j -j ACCEPT', '→ accept'],
      ['-p tcp -m comment --comment ! -m tcp --dport 22 -j ACCEPT', 'protocol(6) dst-port(22) → accept'],
      ['-m recent --set --name x --mask 255.255.255.255 --rsource -j DROP', '→ drop'],
      ['-m recent ! --set --name x -j DROP', 'open<-m recent ! --set --name x> → drop'],
      [
        '-m recent --update --seconds 60 --hitcount 4 --name -m -j DROP',
        'open<-m recent --update --seconds 60 --hitcount 4 --name -m> → drop',
      ],
      ['-m limit --limit 3/min --limit-burst 3 -j LOG', 'open<-m limit --limit 3/min --limit-burst 3> → jump LOG'],
      [
        '-p tcp -m hashlimit --hashlimit-above 9/sec --hashlimit-mode srcip -m tcp --dport 22 -j DROP',
        'protocol(6) open<-m hashlimit --hashlimit-above 9/sec --hashlimit-mode srcip> dst-port(22) → drop',
      ],
      ['-m string --string "-j ACCEPT" --algo bm -j DROP', 'open<-m string --string "-j ACCEPT" --algo bm> → drop'],
      ['-m physdev --physdev-is-bridged -j ACCEPT', 'open<-m physdev --physdev-is-bridged> → accept'],
      ['-m owner ! --uid-owner 0 -j DROP', 'open<-m owner ! --uid-owner 0> → drop'],
      ['-m socket -j ACCEPT', 'open<-m socket> → accept'],
      ['-m rpfilter --invert -j DROP', 'open<-m rpfilter --invert> → drop'],
      ['-m nonesuch ! --thing 1 2 -j DROP', 'open<-m nonesuch ! --thing 1 2> → drop'],
      ['--nonesuch 5 -j DROP', 'open<--nonesuch 5> → drop'],
      ['gibberish -j DROP', 'open<gibberish> → drop'],
      ['-p udp -m tcp --dport 22 --odd 1 -j DROP', 'protocol(17) open<--odd 1> dst-port(22) → drop'],
    ],
  ],
  [
    'targets',
    [
      ['-j RETURN', '→ return'],
      ['-j own', '→ jump own'],
      ['-g own', '→ goto own'],
      ['-j LOG --log-prefix "x"', '→ jump LOG'],
      ['-j NFLOG --nflog-prefix -j', '→ continue'],
      ['-j REJECT', '→ reject icmp-port-unreachable'],
      ['-p tcp -j REJECT --reject-with tcp-reset', 'protocol(6) → reject tcp-reset'],
      ['-j MARK --set-xmark 0x1/0xff', '→ packet-mark:=0x1/0xff'],
      ['-j MARK --set-mark 0x3/0x1', '→ packet-mark:=0x3/0x3'],
      ['-j MARK --and-mark 0xf', '→ packet-mark:=0x0/0xfffffff0'],
      ['-j MARK --or-mark 0x80000001', '→ packet-mark:=0x80000001/0x80000001'],
      ['-j MARK --xor-mark 0x1', '→ packet-mark:=0x1/0x0'],
      ['-j CONNMARK --set-xmark 0x1/0x1', '→ connection-mark:=0x1/0x1'],
      ['-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff', `→ connection-mark:=?/${ALL}`],
      ['-j CONNMARK --restore-mark', `→ packet-mark:=?/${ALL}`],
      ['-j NOTRACK', '→ notrack'],
      ['-j CT --notrack', '→ notrack'],
      ['-j CT --helper ftp', '→ continue'],
      ['-j SET --add-set seen src --exist', '→ continue'],
      ['-j SET --map-set m src --map-mark', `→ packet-mark:=?/${ALL}`],
      ['-j DNAT --to-destination 172.17.0.2:80', '→ dnat 172.17.0.2:80'],
      ['-j DNAT --to-destination 10.0.0.1-10.0.0.4', '→ dnat 10.0.0.1-10.0.0.4'],
      ['-j DNAT --to-destination :8080-8090 --random', '→ dnat :8080-8090'],
      ['-j DNAT --to-destination 10.0.0.1:5000-5010/6000', '→ dnat 10.0.0.1:5000-5010'],
      ['-j DNAT --to-destination nowhere', '→ open<-j DNAT --to-destination nowhere> rewrites'],
      ['-j REDIRECT', '→ redirect '],
      ['-j REDIRECT --to-ports 3128-3130', '→ redirect :3128-3130'],
      ['-j SNAT --to-source 192.0.2.1-192.0.2.9', '→ snat 192.0.2.1-192.0.2.9'],
      ['-j MASQUERADE --random', '→ masquerade'],
      ['-j NFQUEUE --queue-num 1', '→ open<-j NFQUEUE --queue-num 1>'],
      [
        '-j TPROXY --on-port 1 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1',
        `→ packet-mark:=?/${ALL} connection-mark:=?/${ALL} open<-j TPROXY --on-port 1 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1> rewrites`,
      ],
      ['-j', `→ packet-mark:=?/${ALL} connection-mark:=?/${ALL} open<-j> rewrites`],
      ['-j ACCEPT -j DROP', '→ open<-j ACCEPT> rewrites'],
    ],
  ],
])('%s', (_what, cases) => {
  test.each(cases)('%s', (rule, meaning) => {
    expect(read(rule, 4)).toBe(meaning);
  });
});

test.each([
  ['-s fd00::/8 -j DROP', 'src(fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff) → drop'],
  ['-d ::1/::ffff:ffff:ffff:ffff -j DROP', 'open<-d ::1/::ffff:ffff:ffff:ffff> → drop'],
  ['-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT', 'protocol(58) icmp(135) → accept'],
  ['-p icmpv6 --icmpv6-type 1/4 -j ACCEPT', 'protocol(58) icmp(1/4) → accept'],
  ['-p ipv6-icmp -m icmp6 ! --icmpv6-type router-advertisement -j DROP', 'protocol(58) !icmp(134) → drop'],
  ['-m addrtype --dst-type LOCAL -j own', 'dst-type(local) → jump own'],
  // In IPv6 the machine's own addresses are unicast too, and all that is asked has to hold.
  ['-m addrtype --dst-type UNICAST -j DROP', 'dst(::1-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff) → drop'],
  [
    '-m addrtype ! --dst-type UNICAST,LOCAL -j DROP',
    'any[!dst(::1-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff) | !dst-type(local)] → drop',
  ],
  ['-m addrtype --dst-type BLACKHOLE -j DROP', 'open<--dst-type BLACKHOLE> → drop'],
  ['-m rt --rt-type 0 -j DROP', 'open<-m rt --rt-type 0> → drop'],
  ['-m frag --fragmore -j DROP', 'open<-m frag --fragmore> → drop'],
  ['-m ipv6header --header dst,hop --soft -j DROP', 'open<-m ipv6header --header dst,hop --soft> → drop'],
  ['-m hl --hl-eq 255 -j ACCEPT', 'open<-m hl --hl-eq 255> → accept'],
  ['-j REJECT', '→ reject icmp6-port-unreachable'],
  ['-j DNAT --to-destination fd00::2', '→ dnat fd00::2'],
  ['-j DNAT --to-destination [fd00::2]:80', '→ dnat fd00::2:80'],
  ['-j DNAT --to-destination [fd00::2-fd00::9]:80-90', '→ dnat fd00::2-fd00::9:80-90'],
  ['-j DNAT --to-destination :8080', '→ dnat :8080'],
])('IPv6: %s', (rule, meaning) => {
  expect(read(rule, 6)).toBe(meaning);
});
