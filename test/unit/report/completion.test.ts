import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript, SHELLS, type CompletedCommand } from '../../../src/report/completion.ts';
import { manPage } from '../../../src/report/man.ts';

const COMMANDS: readonly CompletedCommand[] = [
  {
    name: 'plan',
    summary: "what apply would change; it's safe",
    words: [],
    options: [{ name: 'rules', summary: 'show the rules, too', takesValue: false }],
  },
  {
    name: 'trust',
    summary: 'let an address in',
    words: ['add', 'remove'],
    options: [{ name: 'config', summary: 'the config', takesValue: true }],
  },
];

const isThere = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe.each(SHELLS)('for %s', (shell) => {
  const script = completionScript(shell, COMMANDS);

  test('it names every command, word and option', () => {
    for (const word of ['plan', 'trust', 'add', 'remove', 'rules', 'config']) expect(script).toContain(word);
  });

  test.runIf(isThere(shell))('the shell itself can read it', () => {
    execFileSync(shell, ['-n'], { input: script });
  });
});

/** What bash offers behind the words. */
function offered(...words: readonly string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(seawall ${typed}); COMP_CWORD=${words.length}; _seawall; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', `${completionScript('bash', COMMANDS)}\n${ask}`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

describe.runIf(isThere('bash'))('bash offers', () => {
  test.each<[string[], string[]]>([
    [[''], ['plan', 'trust', '--help', '--version']],
    [['tr'], ['trust']],
    [
      ['trust', ''],
      ['add', 'remove', '--config'],
    ],
    [['trust', 're'], ['remove']],
    [['plan', '--'], ['--rules']],
    [['nonsense', ''], []],
  ])('behind %j: %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

test('the man page keeps dashes, dots and backslashes as they are', () => {
  const page = manPage({
    commands: [
      {
        summary: "it's one",
        usage: ['plan [--rules]'],
        details: ['.begins with a dot', String.raw`a \ in it`],
        options: [{ name: 'rules', value: 'N', summary: 'x' }],
        examples: [['seawall plan', 'y']],
      },
    ],
    options: [],
    environment: [['NO_COLOR', 'no colour']],
    exitCodes: [[0, 'done']],
  });
  expect(page).toContain(String.raw`.SS seawall plan [\-\-rules]`);
  expect(page).toContain(`\n${String.raw`\&.begins with a dot`}\n`);
  expect(page).toContain(String.raw`a \e in it`);
  for (const line of page.split('\n')) if (/^[.']/.test(line)) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|B|BR|br)\b/);
});
