import { protocolNumber } from '../../net/protocol-names.ts';
import type { Json } from './json.ts';

/** nft's own names, which are not those of iptables. */
const ICMP = new Map<string, number>([
  ['echo-reply', 0],
  ['destination-unreachable', 3],
  ['source-quench', 4],
  ['redirect', 5],
  ['echo-request', 8],
  ['router-advertisement', 9],
  ['router-solicitation', 10],
  ['time-exceeded', 11],
  ['parameter-problem', 12],
  ['timestamp-request', 13],
  ['timestamp-reply', 14],
  ['info-request', 15],
  ['info-reply', 16],
  ['address-mask-request', 17],
  ['address-mask-reply', 18],
]);

const ICMP6 = new Map<string, number>([
  ['destination-unreachable', 1],
  ['packet-too-big', 2],
  ['time-exceeded', 3],
  ['parameter-problem', 4],
  ['echo-request', 128],
  ['echo-reply', 129],
  ['mld-listener-query', 130],
  ['mld-listener-report', 131],
  ['mld-listener-done', 132],
  ['mld-listener-reduction', 132],
  ['nd-router-solicit', 133],
  ['nd-router-advert', 134],
  ['nd-neighbor-solicit', 135],
  ['nd-neighbor-advert', 136],
  ['nd-redirect', 137],
  ['router-renumbering', 138],
  ['ind-neighbor-solicit', 141],
  ['ind-neighbor-advert', 142],
  ['mld2-listener-report', 143],
]);

const ICMP_CODES = new Map<string, number>([
  ['net-unreachable', 0],
  ['host-unreachable', 1],
  ['prot-unreachable', 2],
  ['port-unreachable', 3],
  ['frag-needed', 4],
  ['net-prohibited', 9],
  ['host-prohibited', 10],
  ['admin-prohibited', 13],
]);

const ICMP6_CODES = new Map<string, number>([
  ['no-route', 0],
  ['admin-prohibited', 1],
  ['addr-unreachable', 3],
  ['port-unreachable', 4],
  ['policy-fail', 5],
  ['reject-route', 6],
]);

const FLAGS = new Map<string, number>([
  ['fin', 1],
  ['syn', 2],
  ['rst', 4],
  ['psh', 8],
  ['ack', 16],
  ['urg', 32],
  ['ecn', 64],
  ['cwr', 128],
]);

/** How a value's name becomes a number; numbers stay. */
export type Naming = (name: string) => number | undefined;

export const icmpNaming = (part: 'type' | 'code', family: 4 | 6): Naming => {
  const names = part === 'type' ? (family === 4 ? ICMP : ICMP6) : family === 4 ? ICMP_CODES : ICMP6_CODES;
  return (name) => names.get(name);
};
export const protocolNaming: Naming = (name) => protocolNumber(name);
export const flagNaming: Naming = (name) => FLAGS.get(name);
export const noNaming: Naming = () => undefined;

export function numberOf(value: Json, naming: Naming): number | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : undefined;
  if (typeof value !== 'string') return undefined;
  return /^[0-9]{1,10}$/.test(value) ? numberOf(Number(value), naming) : naming(value);
}
