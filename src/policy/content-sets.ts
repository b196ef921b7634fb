import { fingerprintOf } from '../net/fingerprint.ts';
import type { Family } from '../net/family.ts';
import { formatPortRange, type Protocol, type PortSet } from '../net/port.ts';
import type { PrefixSet } from '../net/prefix-set.ts';
import { contentSetName } from '../ruleset/ownership.ts';
import type { NetSetSpec, PortSetSpec } from '../ruleset/set.ts';
import type { AllowRule } from './policy.ts';

/** The sets of one `allow` rule for one protocol. */
export interface AllowSets {
  readonly source: NetSetSpec;
  readonly ports: { readonly protocol: Protocol; readonly set: PortSetSpec };
  readonly note?: string;
}

/** A long list's set; an empty list needs none. */
export function listSet(members: PrefixSet): NetSetSpec | undefined {
  if (members.size === 0) return undefined;
  const { family } = members;
  return { kind: 'net', name: contentSetName('list', family, members.fingerprint()), family, members };
}

export function allowSets(rule: AllowRule, family: Family): AllowSets[] {
  const members = rule.from[family];
  if (members.size === 0) return [];
  const name = contentSetName('allow', family, members.fingerprint());
  const source: NetSetSpec = { kind: 'net', name, family, members };
  const protocols = (['tcp', 'udp'] as const).filter((protocol) => rule.to[protocol].size > 0);
  return protocols.map((protocol) => ({
    source,
    ports: { protocol, set: portSet(rule.to[protocol], protocol, family) },
    ...(rule.note === undefined ? {} : { note: printable(rule.note) }),
  }));
}

function portSet(ports: PortSet, protocol: Protocol, family: Family): PortSetSpec {
  const text = ports.ranges().map(({ first, last }) => formatPortRange({ protocol, first, last }));
  const name = contentSetName('ports', family, fingerprintOf(text.join(',')));
  return { kind: 'port', name, family, ports };
}

/** A note becomes a rule's comment, where only plain text of bounded length is safe. */
const printable = (note: string): string => note.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
