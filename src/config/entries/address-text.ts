import { describeFault } from '../../net/fault.ts';
import { formatPrefix, parsePrefix, type Prefix, type PrefixFault } from '../../net/prefix.ts';
import type { Parsed } from '../../net/parsed.ts';
import type { ProblemCode } from '../model.ts';
import { errorOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { rangeAsPrefixes } from './address-range.ts';

type Failure = Extract<Parsed<Prefix, PrefixFault>, { ok: false }>;

/** Whether a text that is no address was meant as one; else it is a name. Names have a letter in their last part. */
export function looksLikeAddress(text: string, fault: PrefixFault): boolean {
  if (fault === 'not-ascii') return !/\p{L}/u.test(text.normalize('NFKC')) || /^[0-9a-f:.\s/]+$/i.test(ascii(text));
  if (/^\.{1,2}\/|:\/\//.test(text)) return false;
  if (fault !== 'not-an-address' || /:.*:/.test(text)) return true;
  return !/[a-z]/i.test(lastLabel(text));
}

const ascii = (text: string): string => text.normalize('NFKC').replace(/\p{Cf}/gu, '');
const lastLabel = (text: string): string => text.replace(/\.$/, '').split('.').at(-1) ?? '';

/** What is wrong with an address or a prefix, and what to write instead. */
export function addressFinding(text: string, { fault, hint }: Failure): Finding {
  const code: ProblemCode = fault === 'has-length' ? 'bad-length' : fault;
  return errorOf(code, `${quoted(text)} ${describeFault(fault)}`, wayOut(text, code, hint));
}

function wayOut(text: string, code: ProblemCode, hint: string | undefined): string {
  if (code === 'host-bits') return hostBitsHint(text, hint);
  if (code === 'with-port') return `write ${hint ?? 'the address alone'}; to open single ports to it, use allow`;
  if (hint !== undefined) return `write ${hint}`;
  return (
    listedHint(text) ??
    HINTS[code] ??
    'write an address such as 192.0.2.1 or 2001:db8::1, or a prefix such as 192.0.2.0/24'
  );
}

const hostBitsHint = (text: string, network = ''): string =>
  `write ${network}, or ${text.slice(0, text.indexOf('/'))} for the one address`;

const HINTS: Partial<Record<ProblemCode, string>> = {
  'bad-length': 'write a length from 1 to 32 (IPv4) or 1 to 128 (IPv6) behind the "/"',
  'short-v4': 'write all four parts, such as 192.0.2.1, or a prefix such as 192.0.2.0/24',
  'long-v4': 'write four parts, such as 192.0.2.1',
  'octet-range': 'write four parts from 0 to 255',
  'group-count': 'write eight groups, or "::" once for the groups of zeros',
};

/** Notations of other tools for several addresses: lists, ranges, wildcards. */
function listedHint(text: string): string | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (parts.length > 1 && parts.every((part) => parsePrefix(part).ok))
    return `write one entry for each: ${parts.slice(0, 8).join(', ')}`;
  const wildcard = /^((?:[0-9]{1,3}\.){1,3})\*(?:\.\*){0,2}$/.exec(text)?.[1];
  if (wildcard !== undefined) return `write ${wildcardPrefix(wildcard)}`;
  const prefixes = rangeAsPrefixes(text);
  return prefixes && `write ${prefixes.map(formatPrefix).join(', ')}`;
}

/** `10.1.` stands for 10.1.0.0/16. */
function wildcardPrefix(start: string): string {
  const parts = start.split('.').filter(Boolean);
  return `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${8 * parts.length}`;
}
