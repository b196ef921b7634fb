import * as fc from 'fast-check';
import type { Machine } from '../../src/analysis/trace/machine.ts';
import { type Matrix, serviceMatrix } from '../../src/analysis/trace/matrix.ts';
import { parseIptables } from '../../src/iptables/whole/parse.ts';
import { readAddress } from '../../src/net/address.ts';
import type { Family } from '../../src/net/family.ts';
import type { PrefixSet } from '../../src/net/prefix-set.ts';

export const QUESTION = { hook: 'forward', protocol: 6, ports: { source: 40_000, destination: 22 } } as const;

export interface Expanded extends Pick<Matrix, 'edges'> {
  readonly classes: readonly PrefixSet[];
}

export const expanded = ({ classes, edges }: Matrix): Expanded => ({
  classes: classes.map(({ addresses }) => addresses()),
  edges,
});

/** Two of PLACES are its own. */
export const LINK = {
  name: 'eth0',
  addresses: ['10.0.0.1', 'fd00::1'].map((text) => ({
    address: addressOf(text),
    length: text.includes(':') ? 64 : 24,
  })),
};
export const CALLS = [
  'FORWARD -j OTHER',
  'FORWARD -g OTHER',
  'FORWARD -m addrtype --dst-type LOCAL -j OTHER',
  'FORWARD -m addrtype --src-type MULTICAST -j DROP',
  'FORWARD -m addrtype ! --dst-type LOCAL -j DROP',
];

export function machineOf(family: Family, policy: 'ACCEPT' | 'DROP', rules: readonly string[]): Machine {
  const chains = [`:FORWARD ${policy} [0:0]`, ':OTHER - [0:0]', ':THIRD - [0:0]'];
  const lines = ['*filter', ...chains, ...rules.map((rule) => `-A ${rule}`), 'COMMIT', ''];
  return { netfilter: { tables: parseIptables(lines.join('\n'), family), sets: new Map() }, links: [LINK], routes: [] };
}

export const matrixOf = (family: Family, policy: 'ACCEPT' | 'DROP', rules: readonly string[]): Expanded =>
  expanded(serviceMatrix(machineOf(family, policy, rules), { ...QUESTION, family }));

export function addressOf(text: string): { family: Family; value: bigint } {
  const address = readAddress(text);
  if (!address.ok) throw new Error(text);
  return address.value;
}

export function cell({ classes, edges }: Expanded, from: string, to: string): string {
  const [row, column] = [from, to].map((text) => classes.findIndex((set) => set.has(addressOf(text))));
  return edges.find((edge) => edge.from === row && edge.to === column)?.certainty ?? 'never';
}

export const RANGES = {
  4: ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '192.168.0.0/16', '0.0.0.0/1', '255.255.255.255/32'],
  6: ['fd00::/8', 'fd00:1::/32', 'fd00:1::1/128', '2001:db8::/32', '8000::/1', '::/0'],
} as const;
export const PLACES = {
  4: ['0.0.0.0', '10.0.0.1', '10.1.0.1', '10.1.2.3', '127.255.255.255', '192.168.0.1', '255.255.255.255'],
  6: ['::', 'fd00::1', 'fd00:1::1', 'fd00:1::2', '2001:db8::1', '8000::', 'ffff::'],
} as const;

export interface PlainRule {
  readonly source: { readonly text: string; readonly not: boolean } | undefined;
  readonly destination: { readonly text: string; readonly not: boolean } | undefined;
  readonly port: number | undefined;
  readonly limited: boolean;
  readonly target: 'ACCEPT' | 'DROP';
}

export const ruleArb = (family: Family): fc.Arbitrary<PlainRule> => {
  const end = fc.option(fc.record({ text: fc.constantFrom(...RANGES[family]), not: fc.boolean() }), { nil: undefined });
  return fc.record({
    source: end,
    destination: end,
    port: fc.option(fc.constantFrom(22, 23), { nil: undefined }),
    limited: fc.integer({ max: 3, min: 0 }).map((number) => number === 0),
    target: fc.constantFrom('ACCEPT', 'DROP'),
  });
};

const endText = (option: string, end: PlainRule['source']): string =>
  end ? ` ${end.not ? '! ' : ''}${option} ${end.text}` : '';

export const lineOf = ({ source, destination, port, limited, target }: PlainRule): string =>
  `FORWARD${endText('-s', source)}${endText('-d', destination)}${port ? ` -p tcp -m tcp --dport ${port}` : ''}` +
  `${limited ? ' -m limit --limit 1/sec' : ''} -j ${target}`;

export const told = (fates: ReadonlySet<string>): string => {
  if (fates.size > 1) return 'possible';
  return fates.has('ACCEPT') ? 'definite' : 'never';
};
