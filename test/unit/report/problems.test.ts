import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../../src/config/model.ts';
import { readConfig } from '../../../src/config/read.ts';
import { formatProblems } from '../../../src/report/problems.ts';

const plain = createColors(false);
const show = (text: string): string => formatProblems('seawall.yaml', text, readConfig(text).problems, plain);

test('place, message, the line with carets, and the way out', () => {
  expect(show('version: 1\ntrusted: [10.0.0.5/24]\nlog: no # x\n')).toMatchInlineSnapshot(`
    "seawall.yaml:2:11: error: '10.0.0.5/24' has bits set below its prefix length
    2 | trusted: [10.0.0.5/24]
      |           ^^^^^^^^^^^
    help: write 10.0.0.0/24, or 10.0.0.5 for the one address

    seawall.yaml:3:6: error: 'no' is no value for 'log'
    3 | log: no # x
      |      ^^
    help: write log: off (it takes off or limited)"
  `);
});

test('a warning, and a line number of several digits', () => {
  const text = `version: 1\ntrusted:\n${'  - 192.0.2.1\n'.repeat(8)}  - 127.0.0.1\n`;
  expect(show(text).split('\n').slice(-4).join('\n')).toMatchInlineSnapshot(`
    "seawall.yaml:11:5: warning: '127.0.0.1' is this machine itself, which always reaches itself
    11 |   - 127.0.0.1
       |     ^^^^^^^^^
    help: delete it"
  `);
});

describe('carets stand below what is wrong', () => {
  const lineAndCarets = (text: string): string => show(text).split('\n').slice(1, 3).join('\n');

  test('under tabs', () => {
    expect(lineAndCarets('version: 1\npublic:\t[22,\t443/tcp]\n')).toMatchInlineSnapshot(`
      "2 | public:    [22,    443/tcp]
        |             ^^"
    `);
    expect(lineAndCarets('version: 1\npublic:\n\t- 22/tcp\n')).toMatchInlineSnapshot(`
      "3 |     - 22/tcp
        | ^^^^"
    `);
  });

  test('under wide characters, emoji and combining marks', () => {
    expect(lineAndCarets('version: 1\npublic: ["日本語", 1/tcp]\n')).toMatchInlineSnapshot(`
      "2 | public: ["日本語", 1/tcp]
        |          ^^^^^^^^"
    `);
    expect(lineAndCarets('version: 1\nallow: [{from: [192.0.2.1], to: [1], note: 🧱e\u0301}]\n'))
      .toMatchInlineSnapshot(`
      "2 | allow: [{from: [192.0.2.1], to: [1], note: 🧱é}]
        |                                  ^"
    `);
    expect(lineAndCarets('version: 1\nallow: [{note: 🧱e\u0301日, from: [192.0.2.1], to: [1]}]\n'))
      .toMatchInlineSnapshot(`
      "2 | allow: [{note: 🧱é日, from: [192.0.2.1], to: [1]}]
        |                                               ^"
    `);
  });

  test('with CRLF and a byte order mark', () => {
    expect(lineAndCarets('\uFEFFversio: 1\r\n')).toMatchInlineSnapshot(`
      "1 | versio: 1
        | ^^^^^^"
    `);
  });

  test('in a part of a long line', () => {
    const ports = Array.from({ length: 300 }, (_, at) => `${at + 1}/tcp`).join(', ');
    expect(lineAndCarets(`version: 1\npublic: [${ports}, 22, ${ports.replaceAll('tcp', 'udp')}]\n`))
      .toMatchInlineSnapshot(`
      "2 | …tcp, 296/tcp, 297/tcp, 298/tcp, 299/tcp, 300/tcp, 22, 1/udp, 2/udp, 3/udp, 4/udp, 5/udp, 6/udp, 7/ud…
        |                                                    ^^"
    `);
  });

  test('in the first line of what has several', () => {
    expect(lineAndCarets('version: 1\npublic:\n  a: b\n  c: d\n')).toMatchInlineSnapshot(`
      "3 |   a: b
        |   ^^^^"
    `);
  });
});

test('where there is no line to show', () => {
  expect(show('')).toMatchInlineSnapshot(`
    "seawall.yaml:1:1: error: the config is empty
    help: run 'seawall init' to write a first one"
  `);
});

test('control characters of a file, a message or a name reach no terminal', () => {
  const problem: Problem = {
    severity: 'error',
    code: 'bad-name',
    message: 'a\x1B[31mb',
    hint: 'c\x07d',
    at: { offset: 0, length: 3, line: 1, column: 1 },
  };
  const shown = formatProblems('a\nb', 'x\x1B[2J\x9By\n', [problem], plain);
  expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(shown.split('\n')).toHaveLength(4);
});

test('a line of a megabyte is not shown whole', () => {
  const text = `version: 1\ntrusted: [${'1'.repeat(1_000_000)}]\n`;
  expect(show(text).length).toBeLessThan(600);
});

test('nothing to say is nothing', () => {
  expect(formatProblems('seawall.yaml', 'version: 1\n', [], plain)).toBe('');
});

test('errors are red, warnings yellow', () => {
  const text = 'version: 1\ntrusted: [127.0.0.1, 10.1]\n';
  const shown = formatProblems('f', text, readConfig(text).problems, createColors(true));
  expect(shown).toContain('\x1B[33mwarning:\x1B[39m');
  expect(shown).toContain('\x1B[31merror:\x1B[39m');
});
