import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../lab/command.ts';
import { repositoryRoot } from '../../lab/repository.ts';

/** The demo as a stranger runs it. Its worlds lie in a folder of the test's own, so that nobody else's count here. */
let folder = '';
const root = repositoryRoot();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seawall-demo-'));
});
afterEach(async () => {
  await demo(['--remove']).ended;
  rmSync(folder, { recursive: true });
});

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly text: string; readonly seconds: number }>;
  /** Resolves when this was printed. */
  printed(words: string): Promise<void>;
}

function demo(words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Demo {
  const began = performance.now();
  const child = spawn(process.execPath, ['scripts/demo.mjs', ...words], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    return { code: code ?? null, text, seconds: (performance.now() - began) / 1000 };
  });
  const printed = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      if (child.exitCode !== null) throw new Error(`the demo ended before it said “${wanted}”:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, ended, printed };
}

/** Ids of the worlds that exist now: each is a folder, and the names of its namespaces begin with it. */
function worlds(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('sw-'));
}

function remains(ids: readonly string[]): string[] {
  const places = ['/run/netns', '/sys/fs/cgroup', folder].filter((place) => existsSync(place));
  return places.flatMap((place) => readdirSync(place)).filter((name) => ids.some((id) => name.startsWith(id)));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

describe('npm run demo', () => {
  it('holds every promise, in time, in plain text, and leaves nothing behind', async () => {
    const { ended, printed } = demo();
    await printed('Who is who');
    const ids = worlds();
    const { code, text, seconds } = await ended;
    expect(lastLine(text), text).toBe('every cell as promised');
    expect(code).toBe(0);
    expect(text.match(/46 of 46 cells as promised/g)).toHaveLength(2);
    expect(ids).toHaveLength(1);
    expect(remains(ids)).toEqual([]);
    expect(seconds).toBeLessThan(60);
    expect(text.split('\n').filter((line) => [...line].length > 100)).toEqual([]);
    expect(text).not.toContain('\u{1b}');
  });

  it('fails where the firewall does nothing, says where, and leaves nothing behind', async () => {
    const idle = join(folder, 'idle');
    const real = join(root, 'dist/seawall.mjs');
    writeFileSync(idle, `#!/bin/sh\n[ "$1" = apply ] || exec '${process.execPath}' '${real}' "$@"\n`, { mode: 0o755 });
    const { ended, printed } = demo([], { SEAWALL_BIN: idle });
    await printed('Who is who');
    const ids = worlds();
    const { code, text } = await ended;
    expect(code).toBe(1);
    expect(lastLine(text)).toMatch(/^NOT as promised: [1-9]\d*, see above$/);
    expect(text).toContain('5432/tcp database, published by mistake, untrusted v4: open, not closed');
    expect(text).toContain('36 of 46 cells as promised');
    expect(remains(ids)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing behind after %s', async (signal, expected) => {
    const { child, ended, printed } = demo();
    await printed('Closed by one command');
    const ids = worlds();
    expect(remains(ids)).not.toEqual([]);
    child.kill(signal);
    expect((await ended).code).toBe(expected);
    expect(remains(ids)).toEqual([]);
  });

  it('leaves the lab up with --keep, says how to enter it, and takes it away with --remove', async () => {
    const { text } = await demo(['--keep']).ended;
    const ids = worlds();
    expect(remains(ids)).not.toEqual([]);
    const enter = /^ +(nsenter .*-host .*) bash$/m.exec(text)?.[1] ?? '';
    const status = await run(['sh', '-c', `${enter} seawall status`]);
    expect(status.stdout).toContain('Seawall stands, as the config says.');
    expect(status.code).toBe(0);
    expect((await demo(['--remove']).ended).text).toBe('The lab is gone.\n');
    expect(remains(ids)).toEqual([]);
  });

  it('refuses an option that it does not know', async () => {
    const { code, text } = await demo(['--kepe']).ended;
    expect(code).toBe(1);
    expect(text).toBe('demo: there is no option --kepe\n  npm run demo -- --help lists them\n');
  });
});
