import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../lab/command.ts';
import { repositoryRoot } from '../../lab/repository.ts';
import { type World, createWorld } from '../../lab/world.ts';
import { COMMANDS } from '../../src/cli/registry.ts';
import { Terminal, call, configText, kernel } from './support/command-line.ts';

// The command line as people see it: at a terminal, with help, completion and hints.

const BASE = 'version: 1\ntrusted: [203.0.113.7]\npublic: [22/tcp]\n';
const NAMES = COMMANDS.map(({ name }) => name);
const PROGRAM = [process.execPath, join(repositoryRoot(), 'dist/seawall.mjs')];
const COLOUR = /\x1b\[\d+m/;

let world: World;
beforeAll(async () => {
  world = await createWorld({ engine: false });
});
afterAll(() => world?.remove());

describe('at a terminal', () => {
  beforeEach(async () => {
    await call(world, ['down', '--yes']);
    await world.writeConfig(BASE);
  });

  test.each(['n', '', 'yess', 'maybe'])('answering %j changes nothing', async (answer) => {
    const before = await kernel(world);
    const terminal = new Terminal(world, ['apply']);
    await terminal.until('Apply this? [y/N]');
    terminal.type(`${answer}\r`);
    const { code, said } = await terminal.end();
    expect([code, said]).toEqual([1, expect.stringContaining('Nothing was changed.')]);
    expect(said).toContain('203.0.113.7');
    expect(await kernel(world)).toEqual(before);
  });

  test('answering y applies, and the second time nobody is asked', async () => {
    const terminal = new Terminal(world, ['apply']);
    await terminal.until('Apply this? [y/N]');
    await sleep(4000);
    terminal.type('y\r');
    const { code, said } = await terminal.end();
    expect(code).toBe(0);
    // The time to think isn't counted.
    expect(Number(/ in ([\d.]+) s, /.exec(said)?.[1])).toBeLessThan(4);
    expect((await call(world, ['status'])).code).toBe(0);
    const again = await new Terminal(world, ['apply']).end();
    expect([again.code, again.said]).toEqual([0, expect.not.stringContaining('[y/N]')]);
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('%s at the question leaves kernel and config, and ends at once', async (_, key) => {
    await call(world, ['apply', '--yes']);
    const before = await kernel(world);
    const terminal = new Terminal(world, ['trust', 'add', '192.0.2.9']);
    await terminal.until('Apply this? [y/N]');
    terminal.type(key);
    expect((await terminal.end()).code).not.toBe(0);
    expect(await kernel(world)).toEqual(before);
    expect(await configText(world)).toBe(BASE);
    // The lock is free again.
    expect((await call(world, ['trust', 'add', '192.0.2.9', '--yes'])).code).toBe(0);
  });

  test('down asks too', async () => {
    await call(world, ['apply', '--yes']);
    const before = await kernel(world);
    const no = new Terminal(world, ['down']);
    await no.until('[y/N]');
    no.type('n\r');
    expect((await no.end()).code).toBe(1);
    expect(await kernel(world)).toEqual(before);
    const yes = new Terminal(world, ['down']);
    await yes.until('[y/N]');
    yes.type('yes\r');
    expect((await yes.end()).code).toBe(0);
    expect((await kernel(world)).sets).toBe('');
  });

  test('colours on a terminal only, and not with NO_COLOR or a dumb one', async () => {
    expect((await new Terminal(world, ['plan']).end()).said).toMatch(COLOUR);
    expect((await new Terminal(world, ['aply']).end()).said).toMatch(COLOUR);
    expect((await new Terminal(world, ['plan'], { NO_COLOR: '1' }).end()).said).not.toMatch(COLOUR);
    expect((await new Terminal(world, ['aply'], { NO_COLOR: '1' }).end()).said).not.toMatch(COLOUR);
    expect((await new Terminal(world, ['plan'], { TERM: 'dumb' }).end()).said).not.toMatch(COLOUR);
    for (const args of [['plan'], ['plan', '--rules'], ['status'], ['doctor'], ['aply'], ['--help'], ['apply']]) {
      const { stdout, stderr } = await call(world, args, { env: { NO_COLOR: undefined, TERM: 'xterm' } });
      expect(stdout + stderr).not.toContain('\x1b');
    }
  });
});

describe('hints', () => {
  test.each([
    [['aply'], 'did you mean: seawall apply'],
    [['stauts'], 'did you mean: seawall status'],
    [['frobnicate'], 'seawall --help lists them'],
    [['apply', '--yse'], 'did you mean --yes?'],
    [['plan', '--rule'], 'did you mean --rules?'],
    [['plan', '--confg', 'x'], 'did you mean --config?'],
    [['plan', '--frobnicate'], 'see: seawall plan --help'],
    [['--quiet', 'plan'], 'the command comes first'],
    [['trust'], 'seawall trust add ADDRESS'],
    [['completion'], 'bash|zsh|fish'],
  ])('%j: %s', async (args, hint) => {
    // As typed: world.seawall would put options behind.
    const { code, stdout, stderr } = await world.exec('host', [...PROGRAM, ...args]);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(hint)]);
  });
});

describe('help', () => {
  const help = (...args: string[]) => world.exec('host', [...PROGRAM, ...args]);

  test.each([...NAMES, ''])('of %j: exit 0, an example, no line over 100 columns', async (name) => {
    const { code, stdout, stderr } = await help(...(name === '' ? [] : [name]), '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`seawall ${name || 'COMMAND'}`);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout.split('\n').filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  test('-h and `help NAME` are the same; the general one names every command', async () => {
    const [one, two, three, general] = await Promise.all([
      help('apply', '--help'),
      help('apply', '-h'),
      help('help', 'apply'),
      help('--help'),
    ]);
    expect([two.stdout, three.stdout]).toEqual([one.stdout, one.stdout]);
    expect(NAMES.filter((name) => !new RegExp(`^ +${name} `, 'm').test(general.stdout))).toEqual([]);
  });
});

describe('completion', () => {
  async function complete(words: readonly string[]): Promise<string[]> {
    const { stdout } = await call(world, ['completion', 'bash']);
    const file = join(world.dir, 'completion.bash');
    await writeFile(file, stdout);
    expect(await run(['bash', '-n', file])).toMatchObject({ code: 0, stderr: '' });
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _seawall; echo "\${COMPREPLY[@]}"`;
    const { stdout: said } = await run(['bash', '-c', script, file, ...words]);
    return said.trim().split(' ');
  }

  test('bash completes commands, words and options', async () => {
    expect(await complete(['seawall', 'app'])).toEqual(['apply']);
    expect(await complete(['seawall', ''])).toEqual(expect.arrayContaining([...NAMES]));
    expect(await complete(['seawall', 'trust', ''])).toEqual(expect.arrayContaining(['add', 'remove', 'list']));
    expect(await complete(['seawall', 'plan', '--ru'])).toEqual(['--rules']);
    expect(await complete(['seawall', 'plan', '--config', join(world.dir, 'completion.b')])).toEqual([
      join(world.dir, 'completion.bash'),
    ]);
  });

  test('zsh and fish get scripts that name every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, stdout } = await call(world, ['completion', shell]);
      expect(code).toBe(0);
      expect(NAMES.filter((name) => !stdout.includes(name))).toEqual([]);
    }
  });
});
