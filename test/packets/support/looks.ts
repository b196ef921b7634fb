import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentClient } from '../../../lab/client.ts';
import type { ProbeRequest } from '../../../lab/protocol.ts';
import { type Arrivals } from './arrivals.ts';
import { type Sent, type Wire, send } from './wire.ts';

/** A question that packets answer with yes (it gets through, it is answered) or no. */
export type Look =
  | { readonly kind: 'probe'; readonly agent: AgentClient; readonly request: ProbeRequest }
  | { readonly kind: 'ping'; readonly agent: AgentClient; readonly address: string; readonly from?: string }
  | {
      readonly kind: 'frame';
      readonly wire: Wire;
      readonly sent: readonly Sent[];
      /** See arrivals.ts. */
      readonly key: string;
      readonly at: 'local' | 'behind';
    }
  | {
      readonly kind: 'datagram';
      readonly wire: Wire;
      readonly sent: readonly Sent[];
      /** Who listens on this UDP port, and whose datagrams are counted. */
      readonly listener: AgentClient;
      readonly port: number;
      readonly source: string;
    }
  | { readonly kind: 'state'; readonly holds: () => Promise<boolean> };

/** Answers all at once. `timeoutMs`: how long silence has to last to be a no. */
export async function lookAll(looks: readonly Look[], arrivals: Arrivals, timeoutMs: number): Promise<boolean[]> {
  await arrivals.forget();
  const before = await countDatagrams(looks);
  const asked = Promise.all(looks.map((look) => ask(look, timeoutMs)));
  await sendFrames(looks);
  const answers = await asked;
  // Packets that were sent a moment ago may still be on their way.
  await sleep(60);
  const [{ local, behind }, after] = await Promise.all([arrivals.seen(), countDatagrams(looks)]);
  const states = await Promise.all(looks.map((look) => (look.kind === 'state' ? look.holds() : false)));
  return looks.map((look, i) => {
    if (look.kind === 'frame') return (look.at === 'local' ? local : behind).has(look.key);
    if (look.kind === 'datagram') return (after[i] ?? 0) > (before[i] ?? 0);
    return look.kind === 'state' ? states[i] === true : answers[i] === true;
  });
}

async function ask(look: Look, timeoutMs: number): Promise<boolean> {
  if (look.kind === 'ping') {
    const from = look.from === undefined ? {} : { from: look.from };
    return look.agent.ping(look.address, { ...from, timeoutMs });
  }
  if (look.kind !== 'probe') return false;
  const [result] = await look.agent.probe([{ ...look.request, timeoutMs }]);
  // A refusal is an answer, too: the packet got there.
  return result?.state === 'open' || result?.state === 'refused';
}

async function sendFrames(looks: readonly Look[]): Promise<void> {
  const framed = looks.flatMap((look) => (look.kind === 'frame' || look.kind === 'datagram' ? [look] : []));
  const wires = [...new Set(framed.map(({ wire }) => wire))];
  await Promise.all(
    wires.map((wire) =>
      send(
        wire,
        framed.filter((look) => look.wire === wire).flatMap(({ sent }) => sent),
      ),
    ),
  );
}

function countDatagrams(looks: readonly Look[]): Promise<number[]> {
  return Promise.all(
    looks.map(async (look) => {
      if (look.kind !== 'datagram') return 0;
      return (await look.listener.received('udp', look.port)).by[look.source] ?? 0;
    }),
  );
}
