import type { Effects } from '../effects/types.ts';
import { type Address, formatAddress, parseAddress } from '../net/address.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { parseJson } from '../net/json.ts';
import { NFT_TABLE } from '../nftables/names.ts';
import { deniedSetName, latelySetName } from '../ruleset/ownership.ts';
import { DENIED_SECONDS } from '../ruleset/set.ts';

/** Somebody who was turned away. */
export interface DeniedEntry {
  readonly address: Address;
  readonly protocol: string;
  readonly port: number;
  /** Packets that were turned away since the first one. */
  readonly packets: number;
  /** Seconds since the first of them, and since the last. */
  readonly since: number;
  readonly last: number;
}

/** An entry of a set whose entries last for an hour. */
interface Timed extends Omit<DeniedEntry, 'since' | 'last'> {
  /** Seconds since it was made or renewed. */
  readonly age: number;
}

type Exec = Pick<Effects, 'exec'>;

/** Who is in the kernel's sets of those that were turned away, whichever backend keeps them; undefined: none can be read. */
export async function readDenied(effects: Exec): Promise<readonly DeniedEntry[] | undefined> {
  const [first, last] = await Promise.all([readSets(effects, deniedSetName), readSets(effects, latelySetName)]);
  return first && joined(first, last ?? []);
}

async function readSets({ exec }: Exec, nameOf: (family: Family) => string): Promise<Timed[] | undefined> {
  const outputs = await Promise.all(
    FAMILIES.map(nameOf).flatMap((name) => [
      exec({ file: 'ipset', args: ['save', name] }).then((output) => ({ ...output, read: parseIpsetDenied })),
      exec({ file: 'nft', args: ['-j', 'list', 'set', ...NFT_TABLE.split(' '), name] }).then((output) => ({
        ...output,
        read: parseNftDenied,
      })),
    ]),
  );
  const good = outputs.filter(({ code }) => code === 0);
  return good.length === 0 ? undefined : good.flatMap(({ stdout, read }) => read(stdout.toString()));
}

/** A full set may have lost an entry that the other one still has: then the first packet is the last that is known. */
function joined(first: readonly Timed[], last: readonly Timed[]): DeniedEntry[] {
  const key = ({ address, protocol, port }: Omit<Timed, 'age'>): string =>
    `${formatAddress(address)} ${port}/${protocol}`;
  const ages = new Map(last.map((each) => [key(each), each.age]));
  return first.map(({ age, ...rest }) => ({ ...rest, since: age, last: Math.min(age, ages.get(key(rest)) ?? age) }));
}

/** `add seawall-denied4 203.0.113.9,tcp:23 timeout 3598 packets 2 bytes 120`; the packet that made the entry isn't counted. */
export function parseIpsetDenied(text: string): Timed[] {
  const line = /^add \S+ ([^,\s]+),(\w+):(\d+)(?: timeout (\d+))?(?: packets (\d+))?/;
  return text.split('\n').flatMap((each) => {
    const [, address = '', protocol = '', port, timeout = '0', packets = '0'] = line.exec(each) ?? [];
    return entry(address, protocol, Number(port), Number(packets) + 1, Number(timeout));
  });
}

export function parseNftDenied(text: string): Timed[] {
  const { nftables } = parseJson(text) as { nftables?: readonly { readonly set?: { readonly elem?: unknown } }[] };
  return (nftables ?? []).flatMap(({ set }) =>
    (Array.isArray(set?.elem) ? (set.elem as readonly unknown[]) : []).flatMap((each) => {
      const { elem } = each as { elem?: NftElement };
      const [address, protocol, port] = elem?.val?.concat ?? [];
      const word = { 6: 'tcp', 17: 'udp' }[Number(protocol)] ?? String(protocol);
      return entry(String(address), word, Number(port), elem?.counter?.packets ?? 1, elem?.expires ?? 0);
    }),
  );
}

interface NftElement {
  readonly val?: { readonly concat?: readonly unknown[] };
  readonly expires?: number;
  readonly counter?: { readonly packets?: number };
}

function entry(text: string, protocol: string, port: number, packets: number, left: number): Timed[] {
  const address = parseAddress(text);
  if (!address.ok || !Number.isInteger(port)) return [];
  return [{ address: address.value, protocol, port, packets, age: Math.max(0, DENIED_SECONDS - left) }];
}
