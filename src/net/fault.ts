const ADDRESS = {
  empty: 'is empty',
  whitespace: 'has white space in it',
  'not-ascii': 'has characters in it other than plain printable ones, which may only look like digits or dots',
  'not-an-address': 'is not an IP address',
  octal: 'has a part with a leading zero, which some programs read as octal',
  'hex-v4': 'has a hexadecimal part, which some programs read as an IPv4 address',
  'short-v4': 'has fewer than the four parts of an IPv4 address, and programs differ in how they fill it up',
  'long-v4': 'has more than the four parts of an IPv4 address',
  'empty-part': 'has nothing before, after or between two dots',
  'octet-range': 'has a part above 255',
  'mapped-v4': 'is an IPv4-mapped IPv6 address, which no packet on the wire carries',
  'compat-v4': 'is an IPv4-compatible IPv6 address, a deprecated form that no packet on the wire carries',
  zone: 'has a zone (the part from "%"), but packets carry none',
  'two-gaps': 'has more than one "::"',
  'long-group': 'has a group of more than four hexadecimal digits',
  'group-count': 'does not have the eight groups of an IPv6 address',
  brackets: 'is in brackets',
  'with-port': 'has a port behind the address',
  'has-length': 'is a prefix where a single address is wanted',
} as const;

const PREFIX = {
  'bad-length': 'has no valid prefix length behind the "/"',
  'host-bits': 'has bits set below its prefix length',
} as const;

const PORT = {
  'not-a-port': 'is not a port or a range of ports',
  'no-protocol': 'does not say whether it is tcp or udp',
  'unknown-protocol': 'names a protocol other than tcp and udp',
  'port-range': 'has a port outside 1 to 65535',
  'leading-zero': 'has a port with a leading zero',
  backwards: 'is a range that ends before it begins',
} as const;

const LINE = {
  'nul-byte': 'has a NUL byte in it, so this is not a text file',
  unterminated: 'is the last line but has no line end, so the file may have been cut off in the middle of it',
  everyone: 'covers every address there is',
} as const;

/** Why a text is not an address. */
export type AddressFault = keyof typeof ADDRESS;
/** Why a text is not a prefix. */
export type PrefixFault = AddressFault | keyof typeof PREFIX;
/** Why a text is not a port or a range of ports with its protocol. */
export type PortFault = keyof typeof PORT;
/** Why a line of a list of prefixes can't be used. */
export type LineFault = PrefixFault | keyof typeof LINE;
export type Fault = PrefixFault | PortFault | LineFault;

const CLAUSES: Readonly<Record<Fault, string>> = { ...ADDRESS, ...PREFIX, ...PORT, ...LINE };

/** Every fault there is, for tables and tests. */
export const FAULTS = Object.keys(CLAUSES) as readonly Fault[];

/** One plain clause that continues "'10.1' …": what is wrong with the text, without a full stop. */
export const describeFault = (fault: Fault): string => CLAUSES[fault];
