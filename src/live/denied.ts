import type { Effects } from '../effects/types.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { FAMILIES } from '../net/family.ts';
import { parseJson } from '../net/json.ts';
import { deniedSetName } from '../ruleset/ownership.ts';
import { DENIED_SECONDS } from '../ruleset/set.ts';

/** Somebody who was turned away. */
export interface DeniedEntry {
  readonly address: Address;
  readonly protocol: string;
  readonly port: number;
  /** Packets that were turned away since the first one. */
  readonly packets: number;
  /** Seconds since the first of them. */
  readonly since: number;
}

/** Who is in the kernel's sets of those that were turned away, whichever backend keeps them; undefined: neither can be read. */
export async function readDenied({ exec }: Pick<Effects, 'exec'>): Promise<readonly DeniedEntry[] | undefined> {
  const outputs = await Promise.all(
    FAMILIES.flatMap((family) => {
      const name = deniedSetName(family);
      return [
        exec({ file: 'ipset', args: ['save', name] }).then((output) => ({ ...output, read: parseIpsetDenied })),
        exec({ file: 'nft', args: ['-j', 'list', 'set', 'inet', 'seawall', name] }).then((output) => ({
          ...output,
          read: parseNftDenied,
        })),
      ];
    }),
  );
  const good = outputs.filter(({ code }) => code === 0);
  return good.length === 0 ? undefined : good.flatMap(({ stdout, read }) => read(stdout.toString()));
}

/** `add seawall-denied4 203.0.113.9,tcp:23 timeout 3598 packets 2 bytes 120`; the packet that made the entry isn't counted. */
export function parseIpsetDenied(text: string): DeniedEntry[] {
  const line = /^add \S+ ([^,\s]+),(\w+):(\d+)(?: timeout (\d+))?(?: packets (\d+))?/;
  return text.split('\n').flatMap((each) => {
    const [, address = '', protocol = '', port, timeout = '0', packets = '0'] = line.exec(each) ?? [];
    return entry(address, protocol, Number(port), Number(packets) + 1, Number(timeout));
  });
}

export function parseNftDenied(text: string): DeniedEntry[] {
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

function entry(text: string, protocol: string, port: number, packets: number, left: number): DeniedEntry[] {
  const address = parseAddress(text);
  if (!address.ok || !Number.isInteger(port)) return [];
  return [{ address: address.value, protocol, port, packets, since: Math.max(0, DENIED_SECONDS - left) }];
}
