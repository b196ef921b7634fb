import type { Config } from '../config/model.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import { isEveryone } from '../net/prefix-set.ts';
import type { Facts } from './facts.ts';
import type { Policy } from './policy.ts';
import { matchesAny } from './zones.ts';

/** What is probably not meant, or has a consequence that nobody would guess: one line each, with the way out. */
export function policyNotes(config: Config, facts: Facts, policy: Policy): string[] {
  return [
    ...bridgeNotes(config, facts, policy),
    ...subnetNotes(facts, policy),
    ...uplinkNotes(config, facts),
    ...vrfNotes(facts),
    ...everyoneNotes(policy),
  ];
}

function bridgeNotes({ interfaces }: Config, { links, docker }: Facts, { zones }: Policy): string[] {
  const isNamed = (name: string): boolean => matchesAny(interfaces.external, name);
  const foreign = links.filter(
    ({ name, kind, uplink }) => kind === 'bridge' && !uplink && zones.bridges.includes(name) && !isNamed(name),
  );
  const isInternal = (name: string): boolean => matchesAny(zones.internal, name) && !zones.except.includes(name);
  const unsure = links.filter(
    ({ kind, name }) => docker.seen !== 'live' && kind === 'bridge' && !zones.outer.includes(name) && !isInternal(name),
  );
  return [
    ...foreign.map(
      ({ name }) =>
        `${name} is a bridge that is not Docker's: its guests reach this machine only as trusted or public; to let them, list it under interfaces.internal`,
    ),
    ...unsure.map(
      ({ name }) =>
        `${name} may be a bridge of Docker's, which can't be asked now: it is judged like any outer interface`,
    ),
  ];
}

/** Docker's subnets come in on its bridges; from outside they are forged. */
function subnetNotes({ docker }: Facts, policy: Policy): string[] {
  return docker.networks.flatMap(({ name, subnets }) =>
    subnets
      .filter((subnet) => trustsAllOf(policy, subnet))
      .map(
        (subnet) =>
          `trusted covers ${formatPrefix(subnet)}, Docker's network ${name}: a neighbour who forges such a source is trusted too`,
      ),
  );
}

/** Whether entries and lists together cover it. A union takes long where a list is long, so it comes last. */
function trustsAllOf({ trusted, trustedLists }: Policy, prefix: Prefix): boolean {
  const [entries, lists] = [trusted[prefix.family], trustedLists[prefix.family]];
  if (entries.covers(prefix) || lists.covers(prefix)) return true;
  return entries.overlaps(prefix) && lists.overlaps(prefix) && entries.union(lists).covers(prefix);
}

function uplinkNotes({ interfaces }: Config, { links }: Facts): string[] {
  return links
    .filter(({ name, uplink }) => uplink && matchesAny(interfaces.internal, name))
    .map(
      ({ name }) => `${name} is listed as internal, and the default route leaves there: whoever reaches it is let in`,
    );
}

/** Its addresses are in a routing table of its own, and not in the one that says which are this machine's. */
const vrfNotes = ({ links }: Facts): string[] =>
  links
    .filter(({ kind }) => kind === 'vrf')
    .map(
      ({ name }) =>
        `${name} is a VRF: what is sent to the addresses of its interfaces may be taken for another machine's, and pass; close these by other means`,
    );

/** Names and lists can add up to what no single entry may say. */
function everyoneNotes(policy: Policy): string[] {
  return FAMILIES.filter((family) => trustsEveryone(policy, family)).map(
    (family) => `all trusted entries together are every IPv${family} address: this machine is open`,
  );
}

function trustsEveryone({ trusted, trustedLists }: Policy, family: Family): boolean {
  const [entries, lists] = [trusted[family], trustedLists[family]];
  return entries.share() + lists.share() > 1 - 1e-6 && isEveryone(entries.union(lists));
}
