import { describeFault } from '../../net/fault.ts';
import { parsePortRange, type PortFault, type PortRange } from '../../net/port.ts';
import { errorOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';

export type PortReading = { readonly range: PortRange } | { readonly finding: Finding };

/** Reads a port or a range of ports; the protocol in whatever case. */
export function readPort(text: string): PortReading {
  const parsed = parsePortRange(text.toLowerCase());
  if (parsed.ok) return { range: parsed.value };
  const hint =
    foreignNotation(text.trim().toLowerCase()) ?? (parsed.hint ? `write ${parsed.hint}` : HINTS[parsed.fault]);
  return { finding: errorOf(parsed.fault, `${quoted(text)} ${describeFault(parsed.fault)}`, hint) };
}

const EXAMPLE = 'write PORT/tcp or PORT/udp, such as 22/tcp or 8000-8010/tcp';

const HINTS: Readonly<Record<PortFault, string>> = {
  'not-a-port': EXAMPLE,
  'no-protocol': EXAMPLE,
  'unknown-protocol': 'write tcp or udp behind the "/"; other protocols reach this machine from trusted addresses only',
  'port-range': 'write a port from 1 to 65535',
  'leading-zero': EXAMPLE,
  backwards: 'write the smaller port first',
};

/** Services whose port nobody looks up. */
const SERVICES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ssh: '22/tcp',
    http: '80/tcp',
    https: '443/tcp',
    dns: '53/udp',
    domain: '53/udp',
    smtp: '25/tcp',
    ntp: '123/udp',
  }),
);

/** What the notations of other tools mean here; nobody is told to open more ports than were written. */
function foreignNotation(text: string): string | undefined {
  const service = SERVICES.get(text);
  if (service !== undefined) return `write ${service}`;
  const several = /^([0-9]+(?:-[0-9]+)?)\/(?:both|any|all|\*|tcp[+,|&]udp|udp[+,|&]tcp)$/.exec(text)?.[1];
  if (several !== undefined) return valid(`${several}/tcp`, `${several}/udp`);
  return mapping(text) ?? swapped(text) ?? list(text);
}

/** `8080:80` maps ports in Docker and is a range in iptables. */
function mapping(text: string): string | undefined {
  const match = /^(?:[0-9.]+:)?([0-9]+):([0-9]+)(?:\/(tcp|udp))?$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', container = '', protocol = 'tcp'] = match;
  const range = Number(host) < Number(container) ? `; for a range, ${host}-${container}/${protocol}` : '';
  return `write ${host}/${protocol}, the port that a client dials${range}`;
}

/** `tcp/80`, `80:tcp`, `80 tcp`, `tcp:80`. */
function swapped(text: string): string | undefined {
  const [, ports, protocol] = /^([0-9]+(?:-[0-9]+)?)[\s:._-]*(tcp|udp)$/.exec(text) ?? [];
  if (ports !== undefined) return valid(`${ports}/${protocol}`);
  const [, before, behind] = /^(tcp|udp)[\s:./_-]*([0-9]+(?:-[0-9]+)?)$/.exec(text) ?? [];
  return behind === undefined ? undefined : valid(`${behind}/${before}`);
}

/** `22,80/tcp`, `22/tcp 80/tcp`, `22 80`. */
function list(text: string): string | undefined {
  const [, ports = '', protocol = 'tcp'] = /^([^/]*,[^/]*)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const parts = (ports === '' ? text : ports).split(/[\s,]+/);
  return parts.length > 1
    ? valid(...parts.map((part) => (part.includes('/') ? part : `${part}/${protocol}`)))
    : undefined;
}

function valid(...parts: string[]): string | undefined {
  if (!parts.every((part) => parsePortRange(part).ok)) return undefined;
  return parts.length === 1 ? `write ${parts[0]}` : `write one entry for each: ${parts.slice(0, 10).join(', ')}`;
}
