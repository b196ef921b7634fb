// Who made a change comes from the environment, and stands in a file that a shell reads: it can't say anything else there.
import * as fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { arm, readPending, readUndone } from '../../../src/apply/pending.ts';
import { statePaths } from '../../../src/apply/state.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';
import { damageArb } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';

const paths = statePaths('/var/lib/seawall');
const KEYS = ['token', 'generation', 'before', 'seconds', 'by', 'edits', 'deadline', 'boot'];

async function armed(by: string): Promise<FakeFiles> {
  const files = new FakeFiles(new FakeClock());
  files.put('/proc/uptime', '1000.00 900.00\n');
  files.put('/proc/sys/kernel/random/boot_id', '3f0e7c2a-0000-4000-8000-000000000001\n');
  const exec = () => Promise.resolve({ outcome: 'exited' as const, code: 0, stdout: Buffer.alloc(0), stderr: '' });
  await arm({ files, exec }, paths, { generation: 3, before: 2, seconds: 60, by, edits: false });
  return files;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      fc.constantFrom('root', '', ' '),
      fc.constantFrom('\n', '\r', '\r\n', '\u2028', '\u0085', '\0', ' '),
      fc.constantFrom(...KEYS),
    )
    .map(([user, end, key]) => `${user}${end}${key} 0`),
);

test('whoever made it, the record says what it should', patient, async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (by) => {
      const files = await armed(by);
      const text = files.contents.get(paths.pending)?.toString() ?? '';
      const keys = text.split('\n').map((line) => line.split(' ')[0]);
      expect(keys).toEqual(['sum', ...KEYS, '']);
      const record = { generation: 3, before: 2, seconds: 60, deadline: 1060 };
      expect(await readPending({ files }, paths)).toMatchObject(record);
    }),
    runs(500),
  );
});

test('a shell reads one value a key, whoever made it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-pending-'));
  try {
    const files = await armed('root\ndeadline 0\nbefore 0\rtoken \u2028generation 9');
    writeFileSync(join(folder, 'pending'), files.contents.get(paths.pending) ?? '');
    // The very line of the script.
    const field = (key: string): string =>
      spawnSync('sed', ['-n', `s/^${key} //p`, join(folder, 'pending')]).stdout.toString();
    expect(['deadline', 'before', 'generation'].map(field)).toEqual(['1060\n', '2\n', '3\n']);
    expect(field('token')).toMatch(/^[0-9a-f]{16}\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a record that was damaged says so, or what it said before', patient, async () => {
  const whole = await armed('root from 192.0.2.7');
  const meant = await readPending({ files: whole }, paths);
  await fc.assert(
    fc.asyncProperty(damageArb, async (damage) => {
      const files = new FakeFiles(new FakeClock());
      files.put(paths.pending, damage(whole.contents.get(paths.pending) ?? ''));
      const read = await readPending({ files }, paths);
      // Only without its first line, by which it is known, it is taken at its word; that is one of the oldest kind.
      const summed = files.contents.get(paths.pending)?.toString().startsWith('sum ') === true;
      if (summed && read !== 'damaged') expect(read).toEqual(meant);
    }),
    runs(500),
  );
});

test('what the shell wrote of an undo is read as far as it goes', patient, async () => {
  const text = 'token 0123456789abcdef\ngeneration 3\nresult restored\nat 1700000000\n';
  await fc.assert(
    fc.asyncProperty(damageArb, async (damage) => {
      const files = new FakeFiles(new FakeClock());
      files.put(paths.undone, damage(text));
      const undone = await readUndone({ files }, paths);
      if (!undone) return;
      expect(['restored', 'removed', 'minimum', 'failed']).toContain(undone.result);
      expect(Number.isSafeInteger(undone.generation)).toBe(true);
      expect(undone.at).toMatch(/^\+?\d+-\d\d-\d\dT/);
    }),
    runs(500),
  );
});
