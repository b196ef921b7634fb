/** Rules by table, each with its chain in front, as somebody would write them. */
export type RuleCases = Readonly<Record<string, readonly string[]>>;

/** Of both families. */
export const RULES: RuleCases = {
  filter: [
    'INPUT -i lo -j ACCEPT',
    'INPUT ! -i lo -j RETURN',
    'INPUT -i eth+ -j ACCEPT',
    'FORWARD ! -i br-+ ! -o eth0 -j DROP',
    'FORWARD --in-interface + -g own',
    'INPUT -p tcp --dport ssh -j ACCEPT',
    'INPUT -p tcp ! --dport 22 -j ACCEPT',
    'INPUT -p tcp -m tcp --sport 1024: --dport :1023 -j ACCEPT',
    'INPUT -p udp --source-port 53 ! --destination-port 1000:2000 -j DROP',
    'INPUT ! -p udp -j DROP',
    'INPUT -p 47 -j ACCEPT',
    'INPUT -p esp -j ACCEPT',
    'INPUT -p sctp --dport 9 -j ACCEPT',
    'INPUT -p dccp ! --sport 9 -j ACCEPT',
    'INPUT -p udplite -m multiport --dports 9 -j ACCEPT',
    'INPUT -p tcp --syn -j ACCEPT',
    'INPUT -p tcp ! --syn -j DROP',
    'INPUT -p tcp --tcp-flags ALL NONE -j DROP',
    'INPUT -p tcp ! --tcp-flags SYN,RST SYN,RST -j DROP',
    'INPUT -p tcp --tcp-option 8 -j DROP',
    'INPUT -p tcp -m multiport --dports 22,80,8000:8010 -j ACCEPT',
    'INPUT -p udp -m multiport ! --sports 53,123 -j DROP',
    'INPUT -p tcp -m multiport --ports 1,2:3 -j DROP',
    'INPUT -m state --state NEW,ESTABLISHED -j ACCEPT',
    'INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'INPUT -m conntrack ! --ctstate ESTABLISHED -j DROP',
    'INPUT -m conntrack --ctstate DNAT,SNAT -j ACCEPT',
    'INPUT -m conntrack ! --ctstate NEW,DNAT -j ACCEPT',
    'INPUT -p tcp -m conntrack --ctstate INVALID --ctorigdstport 80 -j DROP',
    'INPUT -p tcp -m conntrack ! --ctorigsrcport 1:9 -j DROP',
    'INPUT -m conntrack --ctdir REPLY -j DROP',
    'INPUT -m conntrack --ctstatus ASSURED -j DROP',
    'INPUT -m conntrack ! --ctproto tcp -j DROP',
    'INPUT -m mark --mark 1 -j DROP',
    'INPUT -m mark ! --mark 0x1/0xff -j DROP',
    'INPUT -m connmark ! --mark 2/2 -j DROP',
    'INPUT -m addrtype --dst-type LOCAL -j own',
    'INPUT -m addrtype ! --src-type UNICAST,LOCAL --dst-type LOCAL --limit-iface-in -j DROP',
    'INPUT -m comment --comment "a \\"b\\" -j DROP" -j ACCEPT',
    'INPUT -m limit --limit 3/min --limit-burst 3 -j LOG --log-prefix "x -j y: "',
    'INPUT -p tcp -m hashlimit --hashlimit-above 9/sec --hashlimit-mode srcip --hashlimit-name n -m tcp --dport 22 -j DROP',
    'INPUT -m recent --set --name seen',
    'INPUT -m recent ! --rcheck --seconds 60 --name seen -j DROP',
    'INPUT -m statistic --mode random --probability 0.5 -j DROP',
    'INPUT -m time --timestart 08:00 --timestop 18:00 -j DROP',
    'INPUT -p tcp -m connlimit --connlimit-above 3 -j DROP',
    'INPUT -m quota --quota 1000 -j DROP',
    'INPUT -m string --string "-j ACCEPT" --algo bm -j DROP',
    'INPUT -m u32 --u32 "0&0xf=1" -j DROP',
    'INPUT -m bpf --bytecode "1,6 0 0 0" -j DROP',
    'OUTPUT -m owner ! --uid-owner 0 -j DROP',
    'INPUT -m physdev --physdev-is-bridged -j DROP',
    'INPUT -m policy --dir in --pol ipsec -j ACCEPT',
    'INPUT -m mac ! --mac-source 02:00:00:00:00:01 -j DROP',
    'INPUT -m length ! --length 0:99 -j DROP',
    'INPUT -m pkttype --pkt-type broadcast -j DROP',
    'INPUT -m connbytes --connbytes 1:9 --connbytes-dir both --connbytes-mode bytes -j DROP',
    'INPUT -m helper --helper ftp -j ACCEPT',
    'INPUT -m dscp --dscp 10 -j ACCEPT',
    'INPUT -m socket --transparent -j DROP',
    'INPUT -m set --match-set ports dst -j ACCEPT',
    'INPUT -m set --match-set listed src -m set ! --match-set ports dst ! --update-counters -j ACCEPT',
    'INPUT -p tcp -j REJECT --reject-with tcp-reset',
    'INPUT -j REJECT',
    'INPUT -j NFLOG --nflog-prefix -j --nflog-group 2',
    'INPUT -j NFQUEUE --queue-num 1 --queue-bypass',
    'INPUT -j own',
    'INPUT -g own',
    'INPUT',
    'own -j SET --add-set ports dst',
    'own -j AUDIT --type drop',
  ],
  mangle: [
    'PREROUTING -j MARK --set-mark 0x1/0x3',
    'PREROUTING -j MARK --and-mark 0xf',
    'PREROUTING -j MARK --or-mark 0x10',
    'PREROUTING -j MARK --xor-mark 0x10',
    'PREROUTING -j CONNMARK --set-mark 7',
    'PREROUTING -j CONNMARK --save-mark',
    'PREROUTING -j CONNMARK --restore-mark --mask 0xff',
    'PREROUTING -p tcp -j TPROXY --on-port 5000 --tproxy-mark 1/1',
    'FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
    'FORWARD -j DSCP --set-dscp 10',
    'FORWARD -j CLASSIFY --set-class 1:2',
  ],
  raw: [
    'PREROUTING -m rpfilter --invert -j DROP',
    'PREROUTING -p udp -j CT --notrack',
    'PREROUTING -p tcp --dport 21 -j CT --helper ftp',
    'OUTPUT -j TRACE',
  ],
  nat: [
    'PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080-8090',
    'PREROUTING -p tcp -j REDIRECT',
    'PREROUTING -p tcp -j DNAT --to-destination :8080',
    'POSTROUTING -o eth0 -j MASQUERADE --random',
  ],
};

export const IPV4_RULES: RuleCases = {
  filter: [
    'INPUT -s 10.1.2.3 -d 192.0.2.0/24 -j DROP',
    'INPUT ! -s 10.0.0.7/8 ! -d 10.0.0.0/255.0.255.0 -j DROP',
    'INPUT -d 10.0.0.1/0.0.0.255 -j DROP',
    'INPUT -f -j DROP',
    'INPUT ! -f -j DROP',
    'INPUT -p icmp --icmp-type echo-request -j ACCEPT',
    'INPUT -p icmp ! --icmp-type 3/4 -j DROP',
    'INPUT -p icmp --icmp-type any -j ACCEPT',
    'INPUT -p icmp --icmp-type network-unreachable -j ACCEPT',
    'INPUT -m iprange ! --src-range 10.0.0.1-10.0.0.9 --dst-range 10.1.0.0-10.1.0.3 -j DROP',
    'INPUT -m conntrack --ctorigsrc 192.0.2.1 ! --ctorigdst 10.0.0.0/8 -j DROP',
    'INPUT -m addrtype --dst-type BROADCAST,MULTICAST -j DROP',
    'INPUT -m set --match-set nets src -j ACCEPT',
    'INPUT -m set ! --match-set services src,dst -j DROP',
    'INPUT -m set --match-set nets src --return-nomatch -j ACCEPT',
    'INPUT -m set --match-set counted src --packets-gt 5 -j ACCEPT',
    'INPUT -m ttl --ttl-lt 5 -j DROP',
    'INPUT -p ah -m ah --ahspi 1:5 -j DROP',
    'INPUT -m realm --realm 1 -j DROP',
    'INPUT -j REJECT --reject-with icmp-admin-prohibited',
  ],
  nat: [
    'PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80',
    'PREROUTING -p udp -j DNAT --to-destination 10.0.0.1-10.0.0.4:5000-5010 --random',
    'POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 192.0.2.1-192.0.2.9',
    'PREROUTING -j NETMAP --to 10.9.0.0/16',
  ],
};

export const IPV6_RULES: RuleCases = {
  filter: [
    'INPUT -s fd00::/8 ! -d 2001:db8::1 -j DROP',
    'INPUT -d ::1:2/::ffff:ffff -j DROP',
    'INPUT -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT',
    'INPUT -p icmpv6 ! --icmpv6-type 1/4 -j ACCEPT',
    'INPUT -m iprange --src-range fd00::1-fd00::9 -j DROP',
    'INPUT -m addrtype ! --dst-type UNICAST,LOCAL -j DROP',
    'INPUT -m addrtype --dst-type MULTICAST -j DROP',
    'INPUT -m set --match-set nets6 src -j ACCEPT',
    'INPUT -m hl --hl-eq 255 -j ACCEPT',
    'INPUT -m rt --rt-type 0 -j DROP',
    'INPUT -m frag --fragmore -j DROP',
    'INPUT -m hbh --hbh-opts 5 -j DROP',
    'INPUT -m dst --dst-opts 5 -j DROP',
    'INPUT -m ipv6header --header dst --soft -j DROP',
    'INPUT -m eui64 -j DROP',
    'INPUT -j REJECT --reject-with icmp6-adm-prohibited',
  ],
  nat: [
    'PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd00::2]:80',
    'PREROUTING -p tcp --dport 81 -j DNAT --to-destination fd00::2-fd00::9',
    'PREROUTING -p tcp --dport 82 -j DNAT --to-destination [fd00::2-fd00::9]:80-90',
    'POSTROUTING -s fd00::/8 -j SNAT --to-source 2001:db8::1',
  ],
};

/** One set of each type that the kernel has, as `ipset restore` takes them. */
export const SETS = `create nets hash:net family inet
add nets 10.0.0.0/8
add nets 10.1.0.0/16 nomatch
add nets 10.1.2.0/24
create nets6 hash:net family inet6
add nets6 2001:db8::/32
add nets6 ::ffff:192.0.2.0/120
create addresses hash:ip family inet netmask 24
add addresses 192.0.2.0
create counted hash:ip family inet timeout 600 counters comment
add counted 192.0.2.9 comment "nomatch, timeout"
create services hash:ip,port family inet
add services 192.0.2.1,tcp:80
add services 192.0.2.1,udp:53
add services 192.0.2.1,icmp:echo-request
add services 192.0.2.1,gre:0
create links hash:net,iface family inet
add links 10.0.0.0/8,eth0
add links 10.0.0.0/8,physdev:eth1
add links 192.0.2.0/24,veth wildcard
create range bitmap:ip range 10.0.0.0-10.0.255.255
add range 10.0.0.4
add range 10.0.0.5
create stations bitmap:ip,mac range 10.0.0.0-10.0.0.255
add stations 10.0.0.1,02:00:00:00:00:01
create ports bitmap:port range 0-65535
add ports 22
add ports 8000
add ports 8001
create triples hash:ip,port,ip family inet
add triples 192.0.2.1,tcp:80,192.0.2.2
create wide hash:ip,port,net family inet
add wide 192.0.2.1,sctp:80,10.0.0.0/8
create listed list:set size 8
add listed nets
add listed nets6
`;
