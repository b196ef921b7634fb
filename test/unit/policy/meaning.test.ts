import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FAMILIES } from '../../../src/net/family.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { compileFamily } from '../../../src/policy/compile.ts';
import { judge } from '../../../src/analysis/evaluate.ts';
import { CHAINS } from '../../../src/policy/compile.ts';
import { applyTo, PACKETS } from '../../support/changing.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { verdictOf, type Packet, type Verdict } from '../../support/packet.ts';
import { patient, runs } from '../../support/runs.ts';
import { policyArb } from '../../support/small-world.ts';

const matches = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));

/** The promises as one would tell them to a person: what happens to a packet, without any rule or chain. */
function promised(policy: Policy, packet: Packet): Verdict {
  const { zones } = policy;
  const inside = matches(zones.internal, packet.link) && !matches(zones.except, packet.link);
  if (packet.state === 'ESTABLISHED' || packet.state === 'RELATED') return 'pass';
  if (packet.to === 'UNICAST') {
    const out = packet.out ?? '';
    if (matches(zones.outer, out) || inside) return 'pass';
    return byAddress(policy, packet) === 'trusted' ? 'pass' : 'drop';
  }
  if (packet.link === 'lo') return 'pass';
  if (isLoopback(packet.source) || isLoopback(packet.destination)) return 'drop';
  // Groups on an outer bridge are judged when they come up to the host; on an inner one they are the guests' affair.
  if (inside && !zones.bridges.includes(packet.link)) return 'pass';
  return toHost(policy, packet);
}

function toHost(policy: Policy, packet: Packet): Verdict {
  if (packet.protocol === 'icmp') return icmp(policy, packet);
  if (packet.state === 'INVALID') return 'drop';
  if (isSetUp(packet)) return 'pass';
  const standing = byAddress(policy, packet);
  if (standing === 'blocked') return 'drop';
  if (standing === 'trusted') return 'pass';
  if (policy.blockLists[packet.family].has(packet.source)) return 'drop';
  const { protocol, port } = packet;
  if (protocol !== 'tcp' && protocol !== 'udp') return 'drop';
  const allowed = policy.allow.some(({ from, to }) => from[packet.family].has(packet.source) && to[protocol].has(port));
  return allowed || policy.public[protocol].has(port) ? 'pass' : 'drop';
}

/** Blocked in the config beats trusted, trusted beats a block list. */
function byAddress(
  { block, trusted, trustedLists }: Policy,
  { family, source }: Packet,
): 'blocked' | 'trusted' | 'unknown' {
  if (block[family].has(source)) return 'blocked';
  return trusted[family].has(source) || trustedLists[family].has(source) ? 'trusted' : 'unknown';
}

function icmp(policy: Policy, packet: Packet): Verdict {
  const { type, code } = packet.icmp;
  const discovery = [133, 134, 135, 136, 141, 142, 148, 149];
  if (packet.family === 6 && discovery.includes(type) && packet.hopLimit === 255) return 'pass';
  if (packet.state === 'INVALID') return 'drop';
  const errors = packet.family === 4 ? [3, 11, 12] : [1, 2];
  if (errors.includes(type) || (packet.family === 6 && type === 3 && code === 0)) return 'pass';
  if (type === (packet.family === 4 ? 8 : 128) && packet.withinLimit) return 'pass';
  return byAddress(policy, packet) === 'trusted' ? 'pass' : 'drop';
}

const isLoopback = ({ family, value }: Packet['source']): boolean =>
  family === 4 ? value >> 24n === 127n : value === 1n;

function isSetUp({ family, protocol, source, sourcePort, port, destination }: Packet): boolean {
  if (family === 4 && protocol === 'igmp') return destination.value >> 28n === 14n;
  if (protocol !== 'udp') return false;
  if (family === 4) return sourcePort === 67 && port === 68;
  return source.value >> 118n === 0x3fan && sourcePort === 547 && port === 546;
}

test('what the kernel does with any packet is what the policy promises', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policyArb, async (policy) => {
      const kernel = new FakeKernel();
      await applyTo(kernel, policy);
      const wrong = PACKETS.filter((packet) => verdictOf(kernel, packet) !== promised(policy, packet));
      expect(wrong).toEqual([]);
    }),
    runs(60),
  );
});

test('the analysis says of an opening what the kernel does', patient, async () => {
  await fc.assert(
    fc.asyncProperty(policyArb, async (policy) => {
      const kernel = new FakeKernel();
      await applyTo(kernel, policy);
      for (const family of FAMILIES) {
        const rules = compileFamily(policy, family, {});
        const known = {
          rules: (name: string) => rules.chains.find((chain) => chain.name === name)?.rules ?? [],
          set: (name: string) => rules.sets.find((set) => set.name === name),
        };
        for (const packet of PACKETS.filter((each) => each.family === family)) {
          const { protocol, state, link, to, out } = packet;
          if (protocol !== 'tcp' && protocol !== 'udp') continue;
          if (
            state !== 'NEW' ||
            link !== 'eth0' ||
            !packet.withinLimit ||
            isLoopback(packet.source) ||
            isLoopback(packet.destination)
          )
            continue;
          if (to === 'UNICAST' && matches(policy.zones.outer, out ?? '')) continue;
          const chain = to === 'UNICAST' ? CHAINS.behind : CHAINS.host;
          expect(judge(known, chain, { ...packet, protocol })).toBe(verdictOf(kernel, packet));
        }
      }
    }),
    runs(30),
  );
});
