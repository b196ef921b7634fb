import { describe, expect, test } from 'vitest';
import type { Flow, Sides } from '../../../src/analysis/flow.ts';
import { isBlocked, sessionsToCut, type Session } from '../../../src/analysis/session.ts';
import { compile } from '../../../src/policy/compile.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { facts, link, LINKS, nothingStanding, policy, standing } from '../../support/machine.ts';
import { address } from '../../support/values.ts';

const ALICE = '203.0.113.7';
const MALLORY = '192.0.2.66';
const HOST = '198.51.100.10';

const WITH_VPN = [...LINKS, link('wg0', { kind: 'wireguard', own: ['10.8.0.1/24'] })];
const sides = (of: Policy): Sides => ({ links: facts({ links: WITH_VPN }).links, zones: of.zones });
const trusting = policy(`trusted: [${ALICE}]\ninterfaces: {internal: [wg0]}`, { links: WITH_VPN });

const session = (from: string, more: Partial<Session> = {}): Session => ({
  client: address(from),
  clientPort: 50_022,
  port: 22,
  own: false,
  ...more,
});

async function isCut(
  each: Session,
  after: Policy,
  { before, tracked = [] }: { before?: Policy; tracked?: readonly Flow[] } = {},
): Promise<boolean> {
  const live = before ? await standing(before) : await nothingStanding();
  return sessionsToCut([each], tracked, { before: live, after: compile(after), sides: sides(after) }).length > 0;
}

describe('a session is taken by the first wall', () => {
  test.each<[string, boolean]>([
    [ALICE, false],
    [MALLORY, true],
    ['10.8.0.7', false],
    [HOST, false],
    ['127.0.0.1', false],
    ['2001:db8:66::1', true],
  ])('from %s: %s', async (from, expected) => {
    expect(await isCut(session(from), trusting)).toBe(expected);
    expect(await isCut(session(from, { own: true, clientPort: undefined }), trusting)).toBe(expected);
  });

  test('unless its port is public', async () => {
    const open = policy('public: [2222/tcp]');
    expect(await isCut(session(MALLORY, { port: 2222 }), open)).toBe(false);
    expect(await isCut(session(MALLORY), open)).toBe(true);
  });
});

describe('the port that was dialled is what counts', () => {
  const dialled = (port: number): Flow => ({
    protocol: 'tcp',
    source: address(MALLORY),
    sourcePort: 50_022,
    destination: address(HOST),
    port,
    serverPort: 22,
  });

  test('one that is led to a closed one lives on, one that is closed and led to a public one does not', async () => {
    const redirected = { tracked: [dialled(8022)] };
    expect(await isCut(session(MALLORY), policy('public: [8022/tcp]'), redirected)).toBe(false);
    expect(await isCut(session(MALLORY), policy('public: [22/tcp]'), redirected)).toBe(true);
  });

  test('of this very connection, no other', async () => {
    const other = { tracked: [{ ...dialled(8022), sourcePort: 50_023 }] };
    expect(await isCut(session(MALLORY), policy('public: [8022/tcp]'), other)).toBe(true);
  });
});

describe('a session that the rules deny already', () => {
  const denying = { before: policy('trusted: [203.0.113.9]') };

  test('was cut before, if it is somebody else’s', async () => {
    expect(await isCut(session(ALICE), policy('public: [443/tcp]'), denying)).toBe(false);
    expect(await isCut(session('203.0.113.9'), policy('public: [443/tcp]'), denying)).toBe(true);
  });

  test('is alive, if it is the own one', async () => {
    expect(await isCut(session(ALICE, { own: true }), policy('public: [443/tcp]'), denying)).toBe(true);
  });
});

test('who is on the list `block` is told from who is just not trusted', () => {
  const rules = compile(policy('trusted: [203.0.113.0/24, 2001:db8:1::/48]\nblock: [203.0.113.7, 2001:db8:1::7]'));
  const blocked = ['203.0.113.7', '203.0.113.8', '2001:db8:1::7', '2001:db8:1::8'].map((text) =>
    isBlocked(rules, address(text)),
  );
  expect(blocked).toEqual([true, false, true, false]);
  expect(isBlocked(compile(policy('trusted: [203.0.113.9]')), address('203.0.113.7'))).toBe(false);
});
