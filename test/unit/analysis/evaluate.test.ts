import { describe, expect, test } from 'vitest';
import { judge, type Judgement, type Opening } from '../../../src/analysis/evaluate.ts';
import { parseRule } from '../../../src/iptables/parse-rule.ts';
import type { LiveSet } from '../../../src/ipset/save.ts';
import { address, ports, prefixes } from '../../support/values.ts';

const opening: Opening = {
  family: 4,
  protocol: 'tcp',
  source: address('203.0.113.7'),
  destination: address('198.51.100.10'),
  sourcePort: 40_000,
  port: 443,
};

const SETS: Readonly<Record<string, LiveSet>> = {
  friends: { kind: 'net', family: 4, members: prefixes(4, '203.0.113.0/24') },
  web: { kind: 'port', ports: ports('tcp', '80/tcp', '443/tcp') },
  long: { kind: 'unread' },
  broken: { kind: 'strange' },
  denied: { kind: 'denied', family: 4, empty: true },
};

/** Chains as iptables-save prints their rules. */
const judged = (chains: Readonly<Record<string, readonly string[]>>, more: Partial<Opening> = {}): Judgement =>
  judge(
    {
      rules: (name) => (chains[name] ?? []).map((text) => parseRule(text, 4)),
      set: (name) => SETS[name],
    },
    'SEAWALL-A',
    { ...opening, ...more },
  );

describe('one chain', () => {
  test.each<[Judgement, string[]]>([
    ['pass', []],
    ['drop', ['-j DROP']],
    ['pass', ['-j RETURN', '-j DROP']],
    ['pass', ['-m set --match-set friends src -j RETURN', '-j DROP']],
    ['drop', ['-m set ! --match-set friends src -j RETURN', '-j DROP']],
    ['drop', ['-m set --match-set friends dst -j RETURN', '-j DROP']],
    ['pass', ['-p tcp -m set --match-set web dst -j RETURN', '-j DROP']],
    ['drop', ['-p udp -m set --match-set web dst -j RETURN', '-j DROP']],
    ['drop', ['-p tcp -m set --match-set web src -j RETURN', '-j DROP']],
    ['drop', ['-s 127.0.0.0/8 -j RETURN', '-j DROP']],
    ['pass', ['-s 203.0.113.0/29 -d 198.51.100.10/32 -j RETURN', '-j DROP']],
    ['drop', ['-p icmp -j RETURN', '-j DROP']],
    ['drop', ['-m limit --limit 10/min --limit-burst 20 -j RETURN', '-j DROP']],
    ['drop', ['-m conntrack --ctstate INVALID -j RETURN', '-j DROP']],
    [
      'drop',
      ['-j LOG --log-prefix x', '-m set ! --match-set denied src,dst -j SET --add-set denied src,dst', '-j DROP'],
    ],
    ['pass', ['-m set --match-set denied src,dst -j DROP']],
  ])('%s: %j', (verdict, rules) => {
    expect(judged({ 'SEAWALL-A': rules })).toBe(verdict);
  });

  test('ports of both ends', () => {
    const dhcp = { 'SEAWALL-A': ['-p udp -m udp --sport 67 --dport 68 -j RETURN', '-j DROP'] };
    expect(judged(dhcp, { protocol: 'udp', sourcePort: 67, port: 68 })).toBe('pass');
    expect(judged(dhcp, { protocol: 'udp', sourcePort: 68, port: 67 })).toBe('drop');
    expect(judged(dhcp, { protocol: 'tcp', sourcePort: 67, port: 68 })).toBe('drop');
  });
});

describe('what is not known is said so, and only where it matters', () => {
  test.each<[Judgement, string[]]>([
    ['unknown', ['-m set --match-set long src -j RETURN', '-j DROP']],
    ['unknown', ['-m set --match-set broken src -j RETURN', '-j DROP']],
    ['unknown', ['-m set --match-set gone src -j RETURN', '-j DROP']],
    ['drop', ['-p udp -m set --match-set long src -j RETURN', '-j DROP']],
    ['pass', ['-j RETURN', '-m set --match-set long src -j DROP']],
    ['unknown', ['-p tcp -m tcp --dport 443 -j ACCEPT', '-j DROP']],
    ['drop', ['-j DROP', '-p tcp -m tcp --dport 443 -j ACCEPT']],
  ])('%s: %j', (verdict, rules) => {
    expect(judged({ 'SEAWALL-A': rules })).toBe(verdict);
  });
});

describe('from chain to chain', () => {
  test.each<[Judgement, Record<string, string[]>]>([
    ['drop', { 'SEAWALL-A': ['-g SEAWALL-B'], 'SEAWALL-B': ['-j DROP'] }],
    ['pass', { 'SEAWALL-A': ['-g SEAWALL-B', '-j DROP'], 'SEAWALL-B': [] }],
    ['pass', { 'SEAWALL-A': ['-g SEAWALL-B', '-j DROP'], 'SEAWALL-B': ['-j RETURN'] }],
    // A jump comes back, by the end of the chain or by RETURN.
    ['drop', { 'SEAWALL-A': ['-j SEAWALL-B', '-j DROP'], 'SEAWALL-B': [] }],
    ['drop', { 'SEAWALL-A': ['-j SEAWALL-B', '-j DROP'], 'SEAWALL-B': ['-j RETURN'] }],
    ['drop', { 'SEAWALL-A': ['-j SEAWALL-B', '-j RETURN'], 'SEAWALL-B': ['-j DROP'] }],
    // What was reached by goto comes back to where the jump was.
    [
      'drop',
      {
        'SEAWALL-A': ['-j SEAWALL-B', '-j DROP'],
        'SEAWALL-B': ['-g SEAWALL-C', '-j RETURN'],
        'SEAWALL-C': ['-j RETURN'],
      },
    ],
    ['unknown', { 'SEAWALL-A': ['-j SEAWALL-B', '-j DROP'], 'SEAWALL-B': ['-j ACCEPT'] }],
  ])('%s: %j', (verdict, chains) => {
    expect(judged(chains)).toBe(verdict);
  });
});
