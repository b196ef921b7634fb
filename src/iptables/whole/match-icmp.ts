import { byOption, type OptionReader, type Plain } from './match-reading.ts';

type Named = Readonly<Record<string, string>>;

/** The names that iptables takes; it prints numbers. */
const ICMP: Named = {
  any: '255',
  'echo-reply': '0',
  pong: '0',
  'destination-unreachable': '3',
  'network-unreachable': '3/0',
  'host-unreachable': '3/1',
  'protocol-unreachable': '3/2',
  'port-unreachable': '3/3',
  'fragmentation-needed': '3/4',
  'source-route-failed': '3/5',
  'network-unknown': '3/6',
  'host-unknown': '3/7',
  'network-prohibited': '3/9',
  'host-prohibited': '3/10',
  'TOS-network-unreachable': '3/11',
  'TOS-host-unreachable': '3/12',
  'communication-prohibited': '3/13',
  'host-precedence-violation': '3/14',
  'precedence-cutoff': '3/15',
  'source-quench': '4',
  redirect: '5',
  'network-redirect': '5/0',
  'host-redirect': '5/1',
  'TOS-network-redirect': '5/2',
  'TOS-host-redirect': '5/3',
  'echo-request': '8',
  ping: '8',
  'router-advertisement': '9',
  'router-solicitation': '10',
  'time-exceeded': '11',
  'ttl-exceeded': '11',
  'ttl-zero-during-transit': '11/0',
  'ttl-zero-during-reassembly': '11/1',
  'parameter-problem': '12',
  'ip-header-bad': '12/0',
  'required-option-missing': '12/1',
  'timestamp-request': '13',
  'timestamp-reply': '14',
  'address-mask-request': '17',
  'address-mask-reply': '18',
};

const ICMP6: Named = {
  'destination-unreachable': '1',
  'no-route': '1/0',
  'communication-prohibited': '1/1',
  'beyond-scope': '1/2',
  'address-unreachable': '1/3',
  'port-unreachable': '1/4',
  'failed-policy': '1/5',
  'reject-route': '1/6',
  'packet-too-big': '2',
  'time-exceeded': '3',
  'ttl-exceeded': '3',
  'ttl-zero-during-transit': '3/0',
  'ttl-zero-during-reassembly': '3/1',
  'parameter-problem': '4',
  'bad-header': '4/0',
  'unknown-header-type': '4/1',
  'unknown-option': '4/2',
  'echo-request': '128',
  ping: '128',
  'echo-reply': '129',
  pong: '129',
  'mld-listener-query': '130',
  'mld-listener-report': '131',
  'mld-listener-done': '132',
  'mld-listener-reduction': '132',
  'router-solicitation': '133',
  'router-advertisement': '134',
  'neighbor-solicitation': '135',
  'neighbour-solicitation': '135',
  'neighbor-advertisement': '136',
  'neighbour-advertisement': '136',
  redirect: '137',
};

/** `8`, `8/0`, or a name. Type 255 is any in IPv4's match, which never was one of a packet. */
const icmpType =
  (names: Named, any: number | undefined): OptionReader =>
  ([text = '', ...more]): Plain | undefined => {
    const named = Object.hasOwn(names, text) ? names[text] : undefined;
    const [, type, code] = /^([0-9]{1,3})(?:\/([0-9]{1,3}))?$/.exec(named ?? text) ?? [];
    if (type === undefined || more.length > 0 || Number(type) > 255 || Number(code ?? 0) > 255) return undefined;
    if (Number(type) === any) return { kind: 'icmp', types: [{ type: { first: 0, last: 255 } }] };
    const one = { type: { first: Number(type), last: Number(type) } };
    return {
      kind: 'icmp',
      types: [code === undefined ? one : { ...one, code: { first: Number(code), last: Number(code) } }],
    };
  };

export const icmp = byOption({ '--icmp-type': icmpType(ICMP, 255) });

export const icmp6 = byOption({
  '--icmpv6-type': icmpType(ICMP6, undefined),
  '--icmp6-type': icmpType(ICMP6, undefined),
});
