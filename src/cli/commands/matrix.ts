import { type MatrixQuestion, serviceMatrix } from '../../analysis/trace/matrix.ts';
import { EPHEMERAL } from '../../analysis/trace/reach.ts';
import { Failure } from '../../effects/failure.ts';
import { matrixDot, matrixJson, matrixReport } from '../../report/matrix.ts';
import { toJson } from '../../report/json.ts';
import type { Call, Command } from '../command.ts';
import { inspect, OFFLINE } from '../inspected.ts';

export const matrix: Command = {
  name: 'matrix',
  summary: 'which addresses the rules treat alike, and who may open a connection to whom',
  usage: ['matrix --port N/PROTOCOL [--chain FORWARD|INPUT] [--source-port N] [--ipv6] [--dot]'],
  details: [
    'The fewest classes of addresses that the rules at one hook tell asunder, as sources and as destinations, and between which of them a first packet (NEW, SYN) passes. No NAT has touched it, and nobody knows by which links it comes and goes: what depends on that, or on a rate limit and the like, is possible and not definite.',
  ],
  options: [
    { name: 'port', value: 'N/PROTOCOL', summary: 'the service, such as 22/tcp' },
    { name: 'chain', value: 'CHAIN', summary: 'FORWARD (default) or INPUT: every table’s chains at that hook' },
    { name: 'source-port', value: 'N', summary: `the client’s port (default ${EPHEMERAL}, for any high one)` },
    { name: 'ipv6', summary: 'of IPv6 instead of IPv4' },
    { name: 'dot', summary: 'print a graph for Graphviz' },
    OFFLINE,
  ],
  examples: [['seawall matrix --port 22/tcp --chain INPUT', 'who reaches SSH here']],
  async run(context, call) {
    const question = questionOf(call);
    const { machine, unseen } = await inspect(context, call);
    const found = serviceMatrix(machine, question);
    const assumptions = ['state NEW, SYN', 'no NAT', `source port ${question.ports.source}`, 'links unknown'];
    if (context.json) context.print(toJson({ ...matrixJson(found), assumptions, unseen }));
    else context.print(`${call.flag('dot') ? matrixDot(found) : matrixReport(found, context.colours)}\n`);
    return 0;
  },
};

function questionOf(call: Call): MatrixQuestion {
  const [, port = '', protocol] = /^(\d{1,5})\/(tcp|udp)$/.exec(call.value('port') ?? '') ?? [];
  const source = call.value('source-port') ?? String(EPHEMERAL);
  const chain = (call.value('chain') ?? 'FORWARD').toUpperCase();
  if (protocol === undefined || Number(port) > 65_535)
    throw new Failure('--port takes a port and tcp or udp', 'such as: --port 22/tcp');
  if (!/^\d{1,5}$/.test(source) || Number(source) > 65_535)
    throw new Failure('--source-port takes a port', 'such as: --source-port 53');
  if (chain !== 'FORWARD' && chain !== 'INPUT')
    throw new Failure(`--chain doesn’t know ${JSON.stringify(chain)}`, 'it is FORWARD or INPUT');
  return {
    hook: chain === 'INPUT' ? 'input' : 'forward',
    family: call.flag('ipv6') ? 6 : 4,
    protocol: protocol === 'tcp' ? 6 : 17,
    ports: { source: Number(source), destination: Number(port) },
  };
}
