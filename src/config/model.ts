import type { PortFault, PortRange } from '../net/port.ts';
import type { Prefix, PrefixFault } from '../net/prefix.ts';
import type { CHOICES } from './schema.ts';

type Choice<K extends keyof typeof CHOICES> = (typeof CHOICES)[K][number];

/** A stretch of the config file, in UTF-16 units; line and column are those of its start. */
export interface At {
  readonly offset: number;
  readonly length: number;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters (code points); a byte order mark is none. */
  readonly column: number;
}

export type Source =
  | { readonly kind: 'prefix'; readonly prefix: Prefix; readonly at: At }
  /** A host name in lower case, without a dot at its end. */
  | { readonly kind: 'name'; readonly name: string; readonly at: At }
  /** A list of prefixes; a path that is not absolute starts at the config's folder. */
  | { readonly kind: 'file'; readonly path: string; readonly at: At };

export type BlockSource = Exclude<Source, { kind: 'name' }>;

export interface PublicPort {
  readonly range: PortRange;
  readonly at: At;
}

/** Neither `from` nor `to` is ever empty. */
export interface AllowEntry {
  readonly from: readonly Source[];
  readonly to: readonly PortRange[];
  /** One line of printable text, at most 100 characters. */
  readonly note?: string;
  readonly at: At;
}

/** Interface names as the kernel has them; one that ends in `*` stands for all that start so. */
export interface Interfaces {
  readonly internal: readonly string[];
  readonly external: readonly string[];
}

export interface Config {
  readonly trusted: readonly Source[];
  readonly public: readonly PublicPort[];
  readonly allow: readonly AllowEntry[];
  readonly block: readonly BlockSource[];
  readonly interfaces: Interfaces;
  readonly log: Choice<'log'>;
  readonly swarm: Choice<'docker.swarm'>;
  readonly backend: Choice<'backend'>;
}

/** What the config's own rules find; faults of single addresses and ports have the codes of net/fault.ts. */
export const CONFIG_CODES = [
  // The text as a whole
  'too-large',
  'control-character',
  'not-utf8',
  'yaml-syntax',
  'tab-indent',
  'too-deep',
  'several-documents',
  'yaml-tag',
  'bad-alias',
  'too-many-aliases',
  'merge-key',
  'bad-key',
  'duplicate-key',
  'empty-file',
  // Its structure
  'wrong-type',
  'unknown-key',
  'missing-version',
  'bad-version',
  'newer-version',
  'bad-value',
  // Entries of lists
  'needs-quotes',
  'everyone',
  'wide-prefix',
  'loopback',
  'multicast',
  'unspecified',
  'broadcast',
  'bad-name',
  'short-name',
  'name-in-block',
  'bad-path',
  'duplicate',
  'covered',
  'overlap',
  'all-ports',
  'empty-from',
  'empty-to',
  'bad-note',
  'bad-interface',
  'loopback-interface',
  'interface-conflict',
  // Entries against each other
  'trusted-but-blocked',
  'nobody-trusted',
] as const;

/** `has-length` belongs to single addresses; the config takes prefixes everywhere. */
export type ProblemCode = (typeof CONFIG_CODES)[number] | Exclude<PrefixFault, 'has-length'> | PortFault;

export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** The way out, likewise. */
  readonly hint: string;
  readonly at: At;
}
