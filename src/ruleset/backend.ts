/** By what the rules are put into the kernel. */
export type Backend = 'iptables' | 'nftables';
