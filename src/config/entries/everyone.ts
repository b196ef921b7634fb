import { FAMILIES, type Family } from '../../net/family.ts';
import { parsePrefix, type Prefix } from '../../net/prefix.ts';
import { isEveryone, PrefixSet } from '../../net/prefix-set.ts';
import { errorOf, type Finding } from '../problems/problem-list.ts';

/** What a list of sources is for. */
export type Role = 'trusted' | 'block' | 'allow';

/**
 * Addresses that nobody on the internet has: private, shared, link-local, loopback, reserved (RFC 6890); in IPv6 all but
 * 2000::/3 (RFC 4291, 2.4). Whoever lists all the others lists everyone.
 */
const notOnTheInternet = (family: Family): Prefix[] =>
  family === 6
    ? prefixesOf('::/3', '4000::/2', '8000::/1')
    : [
        ...prefixesOf('0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8'),
        ...prefixesOf('169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'),
      ];

/** Less than what the internet has of either family: 2000::/3 is an eighth. */
const LEAST_SHARE = 0.1;

/** Literals of this source text, which are all prefixes. */
export function prefixesOf(...texts: string[]): Prefix[] {
  return texts.flatMap((text) => {
    const parsed = parsePrefix(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

/** Whether the prefixes add up to everyone on the internet of this family. Nearly every list is far below that. */
function areEveryone(family: Family, listed: readonly Prefix[]): boolean {
  if (shareOf(listed) < LEAST_SHARE) return false;
  const all = [...listed, ...notOnTheInternet(family)];
  return shareOf(all) > 1 - 1e-6 && isEveryone(PrefixSet.of(family, all));
}

/** A bound that costs nothing: the share of the address space that they would have if they didn't overlap. */
const shareOf = (prefixes: readonly Prefix[]): number =>
  prefixes.reduce((share, { length }) => share + 2 ** -length, 0);

export const isEveryonePrefix = (prefix: Prefix): boolean => prefix.length <= 8 && areEveryone(prefix.family, [prefix]);

/** For each family the entry with which a list, in the order of the file, comes to mean everyone. */
export const completeEveryone = <T extends { readonly prefix: Prefix }>(entries: readonly T[]): T[] =>
  FAMILIES.flatMap((family) => {
    const own = entries.filter(({ prefix }) => prefix.family === family);
    const count = fewest(own.length, (some) =>
      areEveryone(
        family,
        own.slice(0, some).map(({ prefix }) => prefix),
      ),
    );
    return own.slice((count ?? own.length + 1) - 1, count);
  });

/** The least count up to `most` for which it holds, if it holds for all above. */
function fewest(most: number, holds: (count: number) => boolean): number | undefined {
  if (!holds(most)) return undefined;
  let [no, yes] = [0, most];
  while (yes - no > 1) {
    const middle = (no + yes) >>> 1;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Everyone in a list; `what` is the subject of the sentence. */
export function everyoneFinding(what: string, role: Role): Finding {
  const whom = role === 'block' ? 'everyone, you among them' : 'everyone on the internet';
  return errorOf('everyone', `${what} means ${whom}`, HINTS[role]);
}

const HINTS: Readonly<Record<Role, string>> = {
  trusted: 'list what everyone may reach under public, such as public: [443/tcp], and here whom you know',
  allow: 'list ports that everyone may reach under public instead',
  block: 'delete it: who is not listed anywhere reaches nothing but the public ports',
};
