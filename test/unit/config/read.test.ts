import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/model.ts';
import { readConfig } from '../../../src/config/read.ts';
import { shown } from './shown.ts';

const FULL = `version: 1
trusted:                       # may reach everything on this machine and in its containers
  - 192.168.1.123
  - 192.168.100.0/24
  - 2001:db8:1::/48
  - office.example.com         # a name
  - {file: lists/partners.txt} # a long list
public: [22/tcp, 443/tcp, 443/udp, 8000-8010/tcp]
allow:
  - {from: [10.9.0.0/16], to: [9100/tcp], note: monitoring}
block: [203.0.113.99]
interfaces: {internal: [wg0, "veth*"], external: [eth0]}
log: limited
docker: {swarm: off}
backend: nftables
`;

const read = (text: string): Config => {
  const { config, problems } = readConfig(text);
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error('no config, and no problem');
  return config;
};

describe('a whole config', () => {
  const config = read(FULL);

  test('its lists', () => {
    const trusted = [
      '192.168.1.123',
      '192.168.100.0/24',
      '2001:db8:1::/48',
      'office.example.com',
      'file:lists/partners.txt',
    ];
    expect(shown(config, 'trusted')).toEqual(trusted);
    expect(shown(config, 'public')).toEqual(['22/tcp', '443/tcp', '443/udp', '8000-8010/tcp']);
    expect(shown(config, 'block')).toEqual(['203.0.113.99']);
  });

  test('its rules', () => {
    expect(config.allow).toEqual([
      {
        from: [
          {
            kind: 'prefix',
            prefix: { family: 4, value: 0x0a09_0000n, length: 16 },
            at: { offset: FULL.indexOf('10.9.'), length: 11, line: 10, column: 13 },
          },
        ],
        to: [{ protocol: 'tcp', first: 9100, last: 9100 }],
        note: 'monitoring',
        at: { offset: FULL.indexOf('{from'), length: 55, line: 10, column: 5 },
      },
    ]);
  });

  test('its settings', () => {
    expect(config.interfaces).toEqual({ internal: ['wg0', 'veth*'], external: ['eth0'] });
    expect(config).toMatchObject({ log: 'limited', swarm: 'off', backend: 'nftables' });
  });

  test('places are those of the text', () => {
    const [name] = config.trusted.filter(({ kind }) => kind === 'name');
    expect(name?.at).toEqual({ offset: FULL.indexOf('office'), length: 18, line: 6, column: 5 });
    const [file] = config.trusted.filter(({ kind }) => kind === 'file');
    expect(file?.at).toEqual({ offset: FULL.indexOf('{file'), length: 26, line: 7, column: 5 });
  });
});

const withoutPlaces = (text: string): string =>
  JSON.stringify(read(text), (key, value: unknown) => {
    if (key === 'at') return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  });

describe('the same config, written in another way', () => {
  test.each([
    ['with CRLF', FULL.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${FULL}`],
    ['between marks of a document', `%YAML 1.2\n---\n${FULL}...\n`],
    ['in YAML 1.1, where off would be false', `%YAML 1.1\n---\n${FULL}`],
    ['without a line end at the end', FULL.trimEnd()],
    ['with quotes', FULL.replace('version: 1', '"version": "1"').replace('- 192.168.1.123', "- '192.168.1.123/32'")],
    ['with an anchor', FULL.replace('[203.0.113.99]', '&b [&a 203.0.113.99]')],
    ['with capitals', FULL.replace('22/tcp', '22/TCP').replace('office', 'Office').replace('2001:db8', '2001:DB8')],
  ])('%s', (_, text) => {
    expect(withoutPlaces(text)).toBe(withoutPlaces(FULL));
  });

  test('with an alias', () => {
    const { config, problems } = readConfig(
      'version: 1\ntrusted: [&home 192.0.2.1]\nallow: [{from: [*home], to: [1/tcp]}]\n',
    );
    expect(problems).toEqual([]);
    expect(config?.allow[0]?.from[0]).toMatchObject({ kind: 'prefix', at: { line: 3, column: 17, length: 5 } });
  });
});

describe('what is missing or empty is never everyone', () => {
  test.each([
    ['missing', ''],
    ['nothing', 'trusted:\npublic:\nallow:\nblock:\ninterfaces:\ndocker:\n'],
    ['null', 'trusted: null\npublic: ~\nallow: NULL\nblock: Null\ninterfaces: ~\ndocker: ~\n'],
    ['empty', 'trusted: []\npublic: []\nallow: []\nblock: []\ninterfaces: {internal: [], external: ~}\ndocker: {}\n'],
  ])('%s', (_, rest) => {
    const { config, problems } = readConfig(`version: 1\n${rest}`);
    expect(problems.map(({ code }) => code)).toEqual(['nobody-trusted']);
    expect(config).toEqual({
      trusted: [],
      public: [],
      allow: [],
      block: [],
      interfaces: { internal: [], external: [] },
      log: 'off',
      swarm: 'auto',
      backend: 'auto',
    });
  });

  test('a note may have 100 characters, however many bytes', () => {
    const note = '🧱'.repeat(100);
    expect(read(`version: 1\nallow: [{from: [192.0.2.1], to: [1/tcp], note: ${note}}]\n`).allow[0]?.note).toBe(note);
  });

  test('a note may be missing', () => {
    expect(read('version: 1\nallow: [{from: [192.0.2.1], to: [1/tcp], note: }]\n').allow[0]).not.toHaveProperty('note');
  });
});

test('local networks may be wide', () => {
  const text = 'version: 1\ntrusted: [10.0.0.0/8, fc00::/7, fe80::/10]\n';
  expect(shown(read(text), 'trusted')).toEqual(['10.0.0.0/8', 'fc00::/7', 'fe80::/10']);
});

describe('overlaps are one set, whatever their order and number', () => {
  test('10^4 entries, each twice, are warned about one by one', () => {
    const entries = Array.from({ length: 10_000 }, (_, at) => `10.${at >> 8}.${at & 255}.1`);
    const { config, problems } = readConfig(`version: 1\ntrusted: [${[...entries, ...entries].join(', ')}]\n`);
    expect(config?.trusted).toHaveLength(20_000);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['duplicate']));
    expect(problems).toHaveLength(10_000);
  });

  test('the nearest of nested prefixes is named', () => {
    const { problems } = readConfig('version: 1\ntrusted:\n  - 10.1.1.0/24\n  - 10.0.0.0/8\n  - 10.1.0.0/16\n');
    expect(problems.map(({ message }) => message)).toEqual([
      "'10.1.1.0/24' is part of 10.1.0.0/16 in line 5",
      "'10.1.0.0/16' is part of 10.0.0.0/8 in line 4",
    ]);
  });
});

describe('what would take long or much is refused or read in bounds', () => {
  const SIZE = 60_000;
  test.each([
    '[',
    '{',
    '- ',
    '? ',
    ': ',
    '[,',
    ']',
    '"',
    '&a ',
    '*a ',
    '!a ',
    '%a\n',
    '---\n',
    '...\n',
    '- |\n',
    'a: b: ',
    '\t- a\n',
    'a:\n',
    '\\',
    '\u{1F600}',
  ])('%j without end', (part) => {
    for (const head of ['', 'version: 1\ntrusted: ']) {
      const { config, problems } = readConfig(head + part.repeat(SIZE / part.length));
      expect(config).toBeUndefined();
      expect(problems.length).toBeGreaterThan(0);
    }
  });
});
