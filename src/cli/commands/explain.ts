import { explainPacket, type Asked } from '../../analysis/trace/explain.ts';
import { EPHEMERAL } from '../../analysis/trace/reach.ts';
import { Failure } from '../../effects/failure.ts';
import { formatAddress, parseAddress, type Address } from '../../net/address.ts';
import { protocolNumber } from '../../net/protocol-names.ts';
import type { TrackState } from '../../ruleset/netfilter.ts';
import { explainReport } from '../../report/explain.ts';
import { whyNotText } from '../../report/why-not.ts';
import { toJson } from '../../report/json.ts';
import type { Call, Command } from '../command.ts';
import { inspect, OFFLINE } from '../inspected.ts';

const STATES = ['new', 'established', 'related', 'invalid', 'untracked'] as const;

export const explain: Command = {
  name: 'explain',
  summary: 'a packet’s way through the live rules, rule by rule, to its verdict',
  usage: ['explain --from ADDRESS --to ADDRESS:PORT/PROTOCOL [--in LINK] [--why-not]'],
  details: [
    'Follows one packet through every table and chain of this machine, whichever tool wrote them: which rule matched, by which entry of a set, and why another one didn’t, what NAT made of it, and the verdict; then the same for the answer. What depends on a match that can’t be decided from here (a rate limit, the time) is told as possible. From an address of this machine: what it sends itself.',
    'IPv6: --to [2001:db8::1]:443/tcp. Without a port: --to 192.0.2.1/icmp.',
  ],
  options: [
    { name: 'from', value: 'ADDRESS', summary: 'who sends it' },
    { name: 'to', value: 'ADDRESS:PORT/PROTOCOL', summary: 'what it dials' },
    { name: 'in', value: 'LINK', summary: 'the link that it comes in by (default: the one that leads to the sender)' },
    { name: 'state', value: 'STATE', summary: `${STATES.join(', ')} (default new)` },
    { name: 'source-port', value: 'N', summary: `the sender’s port (default ${EPHEMERAL})` },
    { name: 'why-not', summary: 'only the rule that turns it away, and the line that lets it in' },
    { name: 'all', summary: 'also the rules that didn’t match' },
    OFFLINE,
  ],
  examples: [
    ['seawall explain --from 203.0.113.9 --to 198.51.100.10:8080/tcp', 'is it let in, and by which rule'],
    ['seawall explain --from 203.0.113.9 --to 198.51.100.10:22/tcp --why-not', 'the rule that stands in the way'],
  ],
  async run(context, call) {
    const asked = askedOf(call);
    const { machine, unseen } = await inspect(context, call);
    const explanation = explainPacket(machine, asked);
    const port = /\d+\/\w+$/.exec(call.value('to') ?? '')?.[0] ?? '';
    if (context.json) context.print(toJson({ ...shown(explanation), unseen }));
    else if (call.flag('why-not')) context.print(`${whyNotText(explanation, formatAddress(asked.from), port)}\n`);
    else {
      context.print(`${explainReport(explanation, !call.flag('all'), context.colours)}\n`);
      for (const text of unseen) context.tell(`not seen: ${text}\n`);
    }
    return 0;
  },
};

type Explanation = ReturnType<typeof explainPacket>;
type Verdict = NonNullable<Explanation['answer']>;

const verdictJson = ({ verdict, certainty, steps, arrived }: Verdict): object => ({
  verdict,
  certainty,
  steps,
  arrived: arrived
    ? {
        address: formatAddress(arrived.destination),
        port: arrived.ports?.destination ?? null,
        out: arrived.out ?? null,
      }
    : null,
});

const shown = (explanation: Explanation): object => ({
  ...verdictJson(explanation),
  in: explanation.in,
  whyNot: explanation.whyNot ?? null,
  answer: explanation.answer ? verdictJson(explanation.answer) : null,
  assumptions: explanation.assumptions,
});

function askedOf(call: Call): Asked {
  const from = addressOf('--from', call.value('from'));
  const [, bracketed, plain, digits, name] =
    /^(?:\[([^\]]+)\]|([^:/]+|[^/]*:[^/]*:[^/]*?))(?::(\d{1,5}))?\/(\w+)$/.exec(call.value('to') ?? '') ?? [];
  const to = addressOf('--to', bracketed ?? plain);
  const protocol = protocolNumber(name === 'icmp' && to.family === 6 ? 'ipv6-icmp' : (name ?? ''));
  const port = digits === undefined ? undefined : Number(digits);
  if (protocol === undefined || (port ?? 0) > 65_535 || (port === undefined && (protocol === 6 || protocol === 17)))
    throw new Failure('--to takes an address, a port and a protocol', 'such as: --to 198.51.100.10:443/tcp');
  if (from.family !== to.family) throw new Failure('--from and --to are of different families', 'give both of one');
  const ports = port === undefined ? undefined : { source: sourcePort(call), destination: port };
  return { from, to, protocol, ports, in: call.value('in'), state: stateOf(call) };
}

function addressOf(option: string, text = ''): Address {
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.value;
  const way = option === '--from' ? '--from 203.0.113.9' : '--to 198.51.100.10:443/tcp, or --to [2001:db8::1]:443/tcp';
  throw new Failure(`${option} takes an address, not ${JSON.stringify(text)}`, `such as: ${way}`);
}

function stateOf(call: Call): TrackState {
  const word = call.value('state') ?? 'new';
  const state = STATES.find((each) => each === word.toLowerCase());
  if (state) return state;
  throw new Failure(`--state doesn’t know ${JSON.stringify(word)}`, `it is one of ${STATES.join(', ')}`);
}

function sourcePort(call: Call): number {
  const text = call.value('source-port') ?? String(EPHEMERAL);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Failure(`--source-port takes a port, not ${JSON.stringify(text)}`, 'such as: --source-port 53');
}
