import type { Session } from '../analysis/session.ts';
import { formatAddress } from '../net/address.ts';

const SHOWN = 5;

/** Whose SSH sessions a change takes: `your own SSH session, which comes from 203.0.113.7`. */
export function sessionsText(sessions: readonly Session[]): string {
  const addresses = clientsOf(sessions);
  const own = new Set(clientsOf(sessions.filter((session) => session.own)));
  const [first = ''] = addresses;
  if (addresses.length === 1) return `${own.has(first) ? 'your own' : 'an'} SSH session, which comes from ${first}`;
  const named = addresses.map((address) => (own.has(address) ? `${address} (your own)` : address));
  return `the SSH sessions from ${someOf(named)}`;
}

/** Addresses to be trusted, as arguments of a command. */
export const clientWords = (sessions: readonly Session[]): string => clientsOf(sessions).slice(0, SHOWN).join(' ');

/** Each address once, the own one first. */
function clientsOf(sessions: readonly Session[]): string[] {
  const sorted = sessions.toSorted((a, b) => Number(b.own) - Number(a.own));
  return [...new Set(sorted.map(({ client }) => formatAddress(client)))];
}

function someOf(names: readonly string[]): string {
  if (names.length > SHOWN) return `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** Why it can't be told whether the person at the terminal would be cut off. */
export function doubtText(keeper: string | undefined): string {
  const why =
    keeper === undefined
      ? 'This terminal is neither an SSH session that can be seen nor the machine’s own console'
      : `You are inside ${keeper}, which doesn’t tell from where you are connected to it`;
  return `${why}: nobody can say whether this cuts you off. So it is undone by itself unless you confirm it.`;
}
