/** A peer's address as one would write it: IPv4 without the mapping of a dual-stack socket, IPv6 by RFC 5952. */
export function formatPeer(address: string): string {
  if (!address.includes(':')) return address;
  const host = new URL(`http://[${address.replace(/%.*/, '')}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host);
  if (mapped === null) return host;
  const words = [mapped[1] ?? '', mapped[2] ?? ''].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join('.');
}
