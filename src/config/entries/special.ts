import { prefixCovers, type Prefix } from '../../net/prefix.ts';
import { everyoneFinding, isEveryonePrefix, prefixesOf, type Role } from './everyone.ts';
import { errorOf, warningOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';

/** Shorter than this is more than one network operator holds: a slip of a digit, most likely. */
const WIDE = { 4: 8, 6: 16 } as const;

function isWithin(...texts: string[]): (prefix: Prefix) => boolean {
  const outers = prefixesOf(...texts);
  return (prefix) => outers.some((outer) => prefixCovers(outer, prefix));
}

/** RFC 4193 and RFC 4291, 2.5.6: wide, but of this site or link alone. */
const isLocalV6 = isWithin('fc00::/7', 'fe80::/10');
const isLoopback = isWithin('127.0.0.0/8', '::1');
const isMulticast = isWithin('224.0.0.0/4', 'ff00::/8');
const isUnspecified = isWithin('0.0.0.0/8', '::');
const isBroadcast = isWithin('255.255.255.255');

/** What is odd about a valid prefix as a source of packets (RFC 1122, 3.2.1.3: who may not be one). */
export function specialFindings(prefix: Prefix, text: string, role: Role): Finding[] {
  const shown = quoted(text);
  if (isEveryonePrefix(prefix)) return [everyoneFinding(shown, role)];
  if (isUnspecified(prefix)) return [unspecified(shown, role)];
  if (isLoopback(prefix))
    return [warningOf('loopback', `${shown} is this machine itself, which always reaches itself`, 'delete it')];
  if (isMulticast(prefix))
    return [errorOf('multicast', `${shown} is multicast, which no packet comes from`, 'delete it')];
  if (isBroadcast(prefix))
    return [errorOf('broadcast', `${shown} is the broadcast address, which no packet comes from`, 'delete it')];
  return role !== 'block' && prefix.length < WIDE[prefix.family] && !isLocalV6(prefix) ? [wide(shown, prefix)] : [];
}

function unspecified(shown: string, role: Role): Finding {
  const hint = role === 'block' ? 'delete it' : 'delete it; to open a port to everyone, list it under public';
  return errorOf('unspecified', `${shown} is no address that a packet comes from, nor does it mean "everyone"`, hint);
}

function wide(shown: string, { family, length }: Prefix): Finding {
  const message = `${shown} is very wide: 1/${2 ** length} of all IPv${family} addresses`;
  return warningOf('wide-prefix', message, 'check its length; list only the networks you know');
}
