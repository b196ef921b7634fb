import { parsePrefix } from '../../net/prefix.ts';
import { errorOf, warningOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const LONGEST = 253;

/**
 * Whether the text is the name of a host: RFC 1123, 2.1 (letters, digits and hyphens, up to 63 a label), at most 253
 * characters (RFC 1035, 2.3.4). The last label must have a letter, or the text is an address to some programs; none is
 * called `0x7f`, or like a file.
 */
export function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const last = labels.at(-1) ?? '';
  return (
    labels.every((label) => LABEL.test(label)) && text.length <= LONGEST && /[a-z]/i.test(last) && !isFileEnding(text)
  );
}

/** Endings of lists that are no top-level domains. */
const isFileEnding = (text: string): boolean => /\.(?:txt|list|lst|csv|conf|ipset|netset)$/i.test(text);

/** What is worth a warning about a valid name. */
export function nameFindings(text: string): Finding[] {
  if (/^(?:.*\.)?localhost\.?$/i.test(text)) {
    return [
      warningOf('loopback', `${quoted(text)} is this machine itself, which always reaches itself`, 'delete the entry'),
    ];
  }
  if (text.includes('.')) return [];
  const message = `${quoted(text)} has no domain: what it stands for depends on this machine's search list`;
  return [warningOf('short-name', message, `write it in full, such as ${text.toLowerCase()}.example.com`)];
}

/** What is wrong with a text that is neither an address nor a host name. */
export function nameFinding(text: string): Finding {
  const [message, hint] = explain(text);
  return errorOf('bad-name', `${quoted(text)} ${message}`, hint);
}

function explain(text: string): readonly [string, string] {
  const url = /^[a-z]+:\/\/([^/:]+)/i.exec(text)?.[1];
  if (url !== undefined) return ['is a URL', `write ${usable(url)}`];
  const file = fileMeant(text);
  if (file !== undefined) return ['is no host name', `to read a list from a file, write {file: ${file}}`];
  const port = /^([^:]+):[0-9]+$/.exec(text)?.[1];
  if (port !== undefined)
    return ['has a port behind the name', `write ${usable(port)}; to open single ports to it, use allow`];
  if (/^[^/]+\/[0-9]+$/.test(text))
    return ['has a length, which names have not', `write ${usable(text.replace(/\/.*/, ''))}`];
  if (text.includes('*')) return ['has a wildcard, which stands for no address', 'write the names themselves'];
  if (text.includes('_'))
    return [
      'has an underscore, which host names have not',
      `write the name of the host, such as ${usable(text.replaceAll('_', '-'))}`,
    ];
  const ascii = asciiName(text);
  if (ascii !== undefined) return ['has letters outside plain ASCII', `write ${ascii}, if that is the name you mean`];
  return [
    'is neither an address nor a host name',
    'write an address, a prefix such as 192.0.2.0/24, or a name such as office.example.com',
  ];
}

/** Quotes back only what would be accepted. */
const usable = (text: string): string => (isHostName(text) || parsePrefix(text).ok ? text : 'office.example.com');

function fileMeant(text: string): string | undefined {
  const path = /^(?:file:\s*)?(\S+)$/.exec(text)?.[1];
  if (path === undefined || (!text.startsWith('file:') && !isFileEnding(text) && !/^[./~]/.test(text)))
    return undefined;
  return /^[\w./-]{1,100}$/.test(path) ? path : 'lists/partners.txt';
}

/** The form of an internationalised name that DNS knows (RFC 5890). */
function asciiName(text: string): string | undefined {
  if (!/[^\0-\x7F]/.test(text) || !URL.canParse(`http://${text}/`)) return undefined;
  const { hostname } = new URL(`http://${text}/`);
  return isHostName(hostname) ? hostname : undefined;
}
