import { describe, expect, test } from 'vitest';
import type { NamedFlow, Session } from '../../../src/analysis/session.ts';
import { flowText } from '../../../src/report/change.ts';
import { flowJson } from '../../../src/report/json.ts';
import { clientWords, doubtText, sessionsText } from '../../../src/report/sessions.ts';
import { address } from '../../support/values.ts';

const session = (from: string, own = false): Session => ({ client: address(from), clientPort: 5000, port: 22, own });
const many = (count: number): Session[] => Array.from({ length: count }, (_, at) => session(`203.0.113.${at + 10}`));

describe('whose sessions', () => {
  test.each<[Session[], string]>([
    [[session('203.0.113.7', true)], 'your own SSH session, which comes from 203.0.113.7'],
    [[session('2001:db8::7')], 'an SSH session, which comes from 2001:db8::7'],
    [[session('203.0.113.7'), session('203.0.113.7', true)], 'your own SSH session, which comes from 203.0.113.7'],
    [
      [session('203.0.113.8'), session('203.0.113.7', true)],
      'the SSH sessions from 203.0.113.7 (your own) and 203.0.113.8',
    ],
    [
      [...many(5), session('203.0.113.7', true)],
      'the SSH sessions from 203.0.113.7 (your own), 203.0.113.10, 203.0.113.11, 203.0.113.12, 203.0.113.13 and 1 more',
    ],
    [many(5), 'the SSH sessions from 203.0.113.10, 203.0.113.11, 203.0.113.12, 203.0.113.13 and 203.0.113.14'],
  ])('%#', (sessions, text) => {
    expect(sessionsText(sessions)).toBe(text);
  });

  test('a command that trusts them', () => {
    expect(clientWords([...many(1), session('203.0.113.7', true)])).toBe('203.0.113.7 203.0.113.10');
    expect(clientWords(many(9)).split(' ')).toHaveLength(5);
  });

  test('a doubt says why, and what comes of it', () => {
    expect(doubtText('tmux')).toMatch(/^You are inside tmux, .* undone by itself unless you confirm it\.$/);
    expect(doubtText(undefined)).toMatch(/^This terminal is neither an SSH session .* nor the machine’s own console: /);
  });
});

describe('a connection that is cut', () => {
  const flow: NamedFlow = {
    protocol: 'tcp',
    source: address('203.0.113.7'),
    sourcePort: 5000,
    destination: address('198.51.100.10'),
    port: 22,
    serverPort: 22,
  };

  test.each<[Partial<NamedFlow>, string]>([
    [{}, ''],
    [{ owner: 'sshd' }, ' (sshd)'],
    [{ owner: 'sshd', own: true }, ' (sshd, your own session)'],
    [{ own: true }, ' (your own session)'],
  ])('%j', (more, whose) => {
    expect(flowText({ ...flow, ...more })).toBe(`tcp 203.0.113.7:5000 → 198.51.100.10:22${whose}`);
  });

  test('for programs', () => {
    expect(flowJson({ ...flow, owner: 'container web', own: true })).toMatchObject({
      owner: 'container web',
      ownSession: true,
    });
    expect(Object.keys(flowJson(flow))).toEqual(['protocol', 'source', 'sourcePort', 'destination', 'port']);
  });
});
