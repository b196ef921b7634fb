import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainPacket } from '../../../../src/analysis/trace/explain.ts';
import { machineUnder } from '../../../../src/live/ruleset-machine.ts';
import { type Address, formatAddress } from '../../../../src/net/address.ts';
import { FAMILIES } from '../../../../src/net/family.ts';
import { parsePortRange, PortSet, PROTOCOLS, type Protocol } from '../../../../src/net/port.ts';
import { parsePrefix } from '../../../../src/net/prefix.ts';
import { PrefixSet } from '../../../../src/net/prefix-set.ts';
import { subtract } from '../../../../src/net/subtract.ts';
import { compile } from '../../../../src/policy/compile.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { whyNotText } from '../../../../src/report/why-not.ts';
import { patient, runs } from '../../../support/runs.ts';
import { addressOf, policyArb } from '../../../support/small-world.ts';
import { address } from '../../../support/values.ts';

// What `explain --why-not` proposes is done, and the packet is let in: at once, or when the next rule in its way is gone.

const AROUND = {
  links: [
    { name: 'eth0', addresses: ['192.0.2.1', '2001:db8::1'].map((text) => ({ address: address(text), length: 24 })) },
    { name: 'docker0', kind: 'bridge', addresses: [{ address: address('172.17.0.1'), length: 16 }] },
  ],
  routes: FAMILIES.map((family) => ({ prefix: { family, value: 0n, length: 0 }, link: 'eth0' })),
};

const partOf = (text: string): PrefixSet => {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`not a prefix: ${text}`);
  return PrefixSet.of(parsed.value.family, [parsed.value]);
};

/** The policy after the command. */
function follow(policy: Policy, [area, verb, entry = '']: readonly string[]): Policy {
  if (area === 'public') {
    const range = parsePortRange(entry);
    if (!range.ok) throw new Error(`not a port: ${entry}`);
    const { protocol } = range.value;
    const ports = PortSet.of(
      [...policy.public[protocol].ranges().map((each) => ({ ...each, protocol })), range.value],
      protocol,
    );
    return { ...policy, public: { ...policy.public, [protocol]: ports } };
  }
  const these = partOf(entry);
  const part = area === 'trust' ? 'trusted' : 'block';
  const before = policy[part][these.family];
  const after = verb === 'add' ? before.union(these) : subtract(before, these);
  return { ...policy, [part]: { ...policy[part], [these.family]: after } };
}

interface Dialled {
  readonly from: Address;
  readonly to: Address;
  readonly protocol: Protocol;
  readonly port: number;
}

function explained(policy: Policy, { from, to, protocol, port }: Dialled) {
  const ports = { source: 40_000, destination: port };
  const asked = { from, to, protocol: protocol === 'tcp' ? 6 : 17, ports, in: 'eth0', state: 'new' as const };
  return explainPacket(machineUnder(compile(policy), AROUND), asked);
}

const dialledArb: fc.Arbitrary<Dialled> = fc
  .record({
    family: fc.constantFrom(...FAMILIES),
    slot: fc.nat(7),
    place: fc.constantFrom('host', 'container'),
    protocol: fc.constantFrom(...PROTOCOLS),
    port: fc.constantFrom(22, 80, 443, 8001),
  })
  .map(({ family, slot, place, protocol, port }) => ({
    from: addressOf(family, slot),
    to: address(
      place === 'host' ? (family === 4 ? '192.0.2.1' : '2001:db8::1') : family === 4 ? '172.17.0.2' : 'fd00:17::2',
    ),
    protocol,
    port,
  }));

test('what is proposed lets the packet in', patient, () => {
  let proposed = 0;
  fc.assert(
    fc.property(policyArb, dialledArb, fc.nat(1), (first, dialled, choice) => {
      let policy = first;
      for (let round = 0; round < 4; round++) {
        const explanation = explained(policy, dialled);
        if (explanation.verdict === 'accept') return;
        const text = whyNotText(explanation, formatAddress(dialled.from), `${dialled.port}/${dialled.protocol}`);
        const commands = [...text.matchAll(/seawall (trust|block|public) (add|remove) ([^\s;]+)/g)].map((found) =>
          found.slice(1),
        );
        const command = commands[choice] ?? commands[0];
        if (!command) throw new Error(`nothing is proposed: ${text}`);
        proposed++;
        policy = follow(policy, command);
      }
      throw new Error('four proposals did not let it in');
    }),
    runs(300, 0.1),
  );
  expect(proposed).toBeGreaterThan(50);
});

test('a matched rule names the entry of the set that it was', () => {
  const [policy] = fc.sample(policyArb, { numRuns: 1, seed: 1 });
  if (!policy) throw new Error('no policy');
  const none = { 4: PrefixSet.empty(4), 6: PrefixSet.empty(6) };
  const trusted = { ...none, 4: partOf('203.0.113.0/29').union(partOf('198.51.100.0/24')) };
  const dialled = { from: address('203.0.113.5'), to: address('192.0.2.1'), protocol: 'tcp', port: 9 } as const;
  const { steps, verdict } = explained({ ...policy, block: none, trusted }, dialled);
  expect(verdict).toBe('accept');
  const entries = steps.flatMap((step) => (step.matched === true ? (step.entries ?? []) : []));
  expect(entries.map(({ entry }) => entry)).toContain('203.0.113.0/29');
});
