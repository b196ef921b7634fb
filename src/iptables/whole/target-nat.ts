import type { Family } from '../../net/family.ts';
import type { RuleAction } from '../../ruleset/netfilter.ts';
import type { AddressRange, NumberRange } from '../../ruleset/ranges.ts';
import type { Option } from './rule-words.ts';
import { addressSpan, portRange } from './values.ts';

interface Place {
  readonly addresses?: AddressRange | undefined;
  readonly ports?: NumberRange | undefined;
}

const valuesOf = (options: readonly Option[], name: string): string[] =>
  options.filter((option) => option.name === name).flatMap(({ values }) => values.slice(0, 1));

/** More than one destination, or one that can't be read: it goes somewhere. */
export function readDnat(options: readonly Option[], family: Family, text: string): RuleAction {
  const [destination, ...more] = valuesOf(options, '--to-destination');
  const place = more.length === 0 ? placeOf(destination ?? '', family) : undefined;
  return place ? { kind: 'dnat', ...place } : { kind: 'open', what: text, rewrites: true };
}

export function readSnat(options: readonly Option[], family: Family, text: string): RuleAction {
  const [source, ...more] = valuesOf(options, '--to-source');
  const place = more.length === 0 ? placeOf(source ?? '', family) : undefined;
  return place ? { kind: 'snat', addresses: place.addresses } : { kind: 'open', what: text, rewrites: true };
}

export function readRedirect(options: readonly Option[], _family: Family, text: string): RuleAction {
  const [given, ...more] = valuesOf(options, '--to-ports');
  if (given === undefined) return { kind: 'redirect' };
  const ports = portsOf(given);
  return ports && more.length === 0 ? { kind: 'redirect', ports } : { kind: 'open', what: text, rewrites: true };
}

const FORMS = {
  4: /^(?<span>[0-9.-]*)(?::(?<ports>.+))?$/,
  6: /^(?:\[(?<span>[^\]]*)\]|(?<bare>[0-9a-f:.-]*?))(?:(?:(?<=\])|(?<=^)):(?<ports>[0-9/-]+))?$/i,
};

/** `10.0.0.2`, `10.0.0.2-10.0.0.9:80`, `:8080-8090/80`, `fd00::2`, `[fd00::2-fd00::9]:80`. */
function placeOf(text: string, family: Family): Place | undefined {
  const { span, bare, ports: portText } = FORMS[family].exec(text)?.groups ?? {};
  const addressText = span ?? bare ?? '';
  const addresses = addressSpan(addressText, family);
  const ports = portText === undefined ? undefined : portsOf(portText);
  if (addressText === '' ? !ports : !addresses) return undefined;
  return portText !== undefined && !ports ? undefined : { addresses, ports };
}

/** Behind a `/` is the port that the first of the range stands for; which one of the range it is, is not told here. */
const portsOf = (text: string): NumberRange | undefined => portRange(text.split('/')[0], '-');
