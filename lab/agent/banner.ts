import { formatPeer } from './peer.ts';

/**
 * The first line that every service of the lab speaks: its name and the client's address as it sees it. A shell
 * in a container takes that address from /proc/net/tcp and so writes it as the kernel does there: `x:0100007F`.
 */
export function bannerOf(name: string, peer: string): string {
  return `${name} ${formatPeer(peer)}\n`;
}

export function parseBanner(line: string): { service: string; seenAs: string } {
  const [service = '', peer = ''] = (line.split('\n')[0] ?? '').split(' ');
  return { service, seenAs: peer.startsWith('x:') ? formatPeer(fromKernel(peer.slice(2))) : peer };
}

/** /proc/net/tcp writes addresses as 32-bit words in the machine's (little-endian) byte order. */
function fromKernel(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  return Array.from({ length: 8 }, (_, i) => `${bytes[2 * i]}${bytes[2 * i + 1]}`).join(':');
}
