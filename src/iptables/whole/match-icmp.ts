import { ICMP_NAMES, ICMP6_NAMES } from '../../net/protocol-names.ts';
import { byOption, type OptionReader, type Plain } from './match-reading.ts';

/** `8`, `8/0`, or a name. Type 255 is any in IPv4's match, which never was one of a packet. */
const icmpType =
  (names: ReadonlyMap<string, string>, any: number | undefined): OptionReader =>
  ([text = '', ...more]): Plain | undefined => {
    const named = names.get(text);
    const [, type, code] = /^([0-9]{1,3})(?:\/([0-9]{1,3}))?$/.exec(named ?? text) ?? [];
    if (type === undefined || more.length > 0 || Number(type) > 255 || Number(code ?? 0) > 255) return undefined;
    if (Number(type) === any) return { kind: 'icmp', types: [{ type: { first: 0, last: 255 } }] };
    const one = { type: { first: Number(type), last: Number(type) } };
    return {
      kind: 'icmp',
      types: [code === undefined ? one : { ...one, code: { first: Number(code), last: Number(code) } }],
    };
  };

export const icmp = byOption({ '--icmp-type': icmpType(ICMP_NAMES, 255) });

export const icmp6 = byOption({
  '--icmpv6-type': icmpType(ICMP6_NAMES, undefined),
  '--icmp6-type': icmpType(ICMP6_NAMES, undefined),
});
