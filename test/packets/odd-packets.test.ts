import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordFault } from '../support/fault-table.ts';
import { mustExec } from '../../lab/world.ts';
import { type Look, lookAll } from './support/looks.ts';
import { ODD_CASES, type OddCase, PORT } from './support/odd-cases.ts';
import { shortened } from './support/rule-frames.ts';
import { type RuleWorld, createRuleWorld } from './support/rule-world.ts';
import { seawall } from './support/sources.ts';

// Datagrams that a careless filter reads differently from the one who receives them: fragments, extension headers,
// broadcasts, multicast, anycast, forged loopback and link-local addresses. What counts is what the host's programs
// got, by the source that they saw. Without Seawall all of it arrives, so that "closed" means something.

let at: RuleWorld;
const arrived = new Map<string, boolean>();
let serial = 0;

beforeAll(async () => {
  at = await createRuleWorld();
  const host = await at.world.agent('host');
  await host.serveUdp({ name: 'vxlan', port: PORT.vxlan, echo: false });
  await host.serveUdp({ name: 'host', port: PORT.v4, address: '0.0.0.0', echo: false });
  await seawall(at.world, ['down', '--yes']);
  await measure('bare');
  await seawall(at.world, ['apply', '--yes']);
  await measure('applied');
});
afterAll(() => at?.end());

const nameOf = ({ name, version }: OddCase): string => `v${version} ${name}`;

async function measure(phase: 'bare' | 'applied'): Promise<void> {
  await mustExec(at.world, 'host', ['conntrack', '-F']);
  const listener = await at.world.agent('host');
  const wire = { enter: at.world.enter('neighbour'), device: 'eth0' };
  const looks = ODD_CASES.map(({ source, port, sent }): Look => {
    serial++;
    return { kind: 'datagram', wire, sent: sent(at.hostMac, serial), listener, port, source: shortened(source) };
  });
  const answers = await lookAll(looks, at.arrivals, 0);
  ODD_CASES.forEach((each, i) => arrived.set(`${phase} ${nameOf(each)}`, answers[i] ?? false));
}

describe('without Seawall', () => {
  const open = ODD_CASES.filter(({ bare }) => bare === true);
  test.each(open.map((each) => [nameOf(each)] as const))('%s: gets in', (name) => {
    expect(arrived.get(`bare ${name}`)).toBe(true);
  });
});

describe('applied', () => {
  const named = (passes: boolean) =>
    ODD_CASES.filter(({ applied }) => applied === passes).map((each) => [nameOf(each)]);

  test.each(named(false))('%s: closed', (name) => {
    expect(arrived.get(`applied ${name}`)).toBe(false);
  });
  test.each(named(true))('%s: gets in', (name) => {
    expect(arrived.get(`applied ${name}`)).toBe(true);
  });

  test('all of it was counted', () => {
    const [closed, open] = [named(false), named(true)].map((names) =>
      names.map(([name]) => arrived.get(`applied ${name}`)),
    ) as [boolean[], boolean[]];
    const leaked = closed.filter(Boolean).length;
    const lost = open.filter((came) => !came).length;
    expect([leaked, lost]).toEqual([0, 0]);
    const injected = 'fragments, extension headers, odd flags, forged sources';
    recordFault({
      number: 41,
      fault: 'odd packets',
      injected,
      times: closed.length,
      leaked,
      lost,
      converged: closed.length,
    });
  });
});
