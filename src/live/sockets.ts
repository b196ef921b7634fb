import type { Effects } from '../effects/types.ts';
import { type Address, parseAddress } from '../net/address.ts';
import type { Protocol } from '../net/port.ts';

/** A socket of this machine, with the processes that hold it, as far as they can be seen. */
export interface Socket {
  readonly protocol: Protocol;
  /** Undefined: any address of this machine. */
  readonly local: Address | undefined;
  readonly localPort: number;
  /** Undefined: connected to nobody. */
  readonly peer: { readonly address: Address; readonly port: number } | undefined;
  readonly owners: readonly { readonly name: string; readonly pid: number }[];
}

/** Undefined where `ss` is missing or fails. `args` choose which sockets; -n and -p go without saying. */
export async function readSockets(
  { exec }: Pick<Effects, 'exec'>,
  args: readonly string[],
): Promise<readonly Socket[] | undefined> {
  const { code, stdout } = await exec({ file: 'ss', args: ['-H', '-n', '-p', ...args] });
  return code === 0 ? parseSocketTable(stdout.toString()) : undefined;
}

/** Which columns stand before the addresses depends on what was asked for. */
const LINE = /(\S+):(\d+)\s+(\S+):(\d+|\*)(?:\s+(.*))?$/;

export function parseSocketTable(text: string): Socket[] {
  return text.split('\n').flatMap((line): Socket[] => {
    const [, local = '', localPort, peer = '', peerPort, rest = ''] = LINE.exec(line.trimEnd()) ?? [];
    if (localPort === undefined) return [];
    const address = peerPort === '*' ? undefined : addressOf(peer);
    return [
      {
        protocol: line.startsWith('udp') ? 'udp' : 'tcp',
        local: addressOf(local),
        localPort: Number(localPort),
        peer: address && { address, port: Number(peerPort) },
        owners: [...rest.matchAll(/\("(.*?)",pid=(\d+)/g)].map(([, name = '', pid]) => ({ name, pid: Number(pid) })),
      },
    ];
  });
}

/** `192.0.2.1`, `[2001:db8::1]`, `[fe80::1]%eth0`, `[::ffff:192.0.2.1]`. */
function addressOf(text: string): Address | undefined {
  const parsed = parseAddress(bareAddress(text.replaceAll(/[[\]]/g, '')));
  return parsed.ok ? parsed.value : undefined;
}

/** The address as packets carry it: without a zone, and not mapped into IPv6. */
export const bareAddress = (text: string): string => text.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '');
