import { createInterface } from 'node:readline';
import type { Operations, OperationName, Reply, Request } from '../protocol.ts';
import { checkHold, hold, release } from './hold.ts';
import { ping, probeAll } from './probe.ts';
import { received, serveTcp, serveUdp } from './serve.ts';
import { peek, stop } from './streams.ts';
import { tcpStream } from './tcp-stream.ts';
import { transfer } from './transfer.ts';
import { udpStream } from './udp-stream.ts';

/**
 * The probe agent: lives in one network namespace and does what it is told there, a line of JSON a request.
 * It ends with its standard input, and so with the lab.
 */
type Handlers = { [K in OperationName]: (argument: Operations[K][0]) => Promise<Operations[K][1]> };

const handlers: Handlers = {
  probe: probeAll,
  ping: (requests) => Promise.all(requests.map(ping)),
  serveTcp,
  serveUdp,
  received,
  tcpStream,
  udpStream,
  peek,
  stop,
  hold,
  checkHold,
  release,
  transfer,
};

async function answer(line: string): Promise<void> {
  const request = JSON.parse(line) as Request;
  const handler = handlers[request.op] as (argument: unknown) => Promise<unknown>;
  const reply: Reply = await handler(request.argument).then(
    (result) => ({ id: request.id, result }),
    (error: unknown) => ({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

process.stdout.on('error', () => process.exit());
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(line));
lines.on('close', () => process.exit());
