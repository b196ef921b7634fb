// The text of a config, whatever happened to it: refused with a place that can be found, or a config that opens nothing.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { addEntry, removeEntry } from '../../../src/config/edit.ts';
import { LARGEST_CONFIG } from '../../../src/config/yaml/text-faults.ts';
import type { Config } from '../../../src/config/model.ts';
import { readConfig } from '../../../src/config/read.ts';
import { PrefixSet, isEveryone } from '../../../src/net/prefix-set.ts';
import { PACKETS, verdicts } from '../../support/changing.ts';
import { CONFIG, FakeMachine } from '../../support/fake-machine.ts';
import { foreignText } from '../../support/foreign.ts';
import { damaged } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';
import { settleOthers, tryOn, YES } from '../../support/trial.ts';
import { mutated, VALUES, writtenConfig, type ListName } from '../config/arbitrary-config.ts';

/** Every key there is, once. */
const FULL = `version: 1
trusted: [203.0.113.7, 2001:db8:1::/48, &o office.example.com]
public: [22/tcp, 8000-8010/tcp, 443/udp]
allow:
  - {from: [10.9.0.0/16, *o], to: [9100/tcp], note: "monitoring, inside"}
block:
  - 203.0.113.99 # left us
interfaces: {internal: [wg0, "tun*"], external: [eth7]}
log: limited
docker: {swarm: auto}
backend: iptables
`;
const BOMBS = [
  `version: 1\ntrusted: &a [203.0.113.7]\npublic: [${'*a, '.repeat(3000)}]\n`,
  `version: 1\na: &a [x, x]\n${[...'bcdefghijklmnopq'].map((key, at) => `${key}: &${key} [*${'abcdefghijklmnop'[at]}, *${'abcdefghijklmnop'[at]}]`).join('\n')}\ntrusted: *q\n`,
  `version: 1\n__proto__: {trusted: [203.0.113.7]}\nconstructor: {prototype: {}}\n`,
  `version: 1\ntrusted: ${'['.repeat(3000)}\n`,
  `version: 1\ntrusted:\n${'- '.repeat(3000)}x\n`,
  `version: 1\n${Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')}\n`,
  `version: 1\ntrusted: ["${'1'.repeat(LARGEST_CONFIG)}"]\n`,
];

const texts = fc.oneof(
  { weight: 6, arbitrary: damaged(writtenConfig.map(({ text }) => text)) },
  { weight: 4, arbitrary: damaged(fc.constant(FULL)) },
  { weight: 2, arbitrary: mutated },
  { weight: 1, arbitrary: damaged(fc.constantFrom(...BOMBS.slice(0, -1))) },
);

/** Problems have places inside of the text, and there is one if and only if there is no config. */
function read(text: string): Config | undefined {
  const { config, problems } = readConfig(text);
  const lines = text.split('\n').length;
  for (const { at, message, hint } of problems) {
    expect(at.offset >= 0 && at.offset + at.length <= text.length).toBe(true);
    expect(at.line >= 1 && at.line <= lines && at.column >= 1).toBe(true);
    // What a terminal would obey is not passed on.
    expect(/[\x00-\x09\x0b-\x1f\x7f]/.test(message + hint)).toBe(false);
  }
  expect(config === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
  return config;
}

function expectClosed({ trusted, allow }: Config): void {
  for (const sources of [trusted, ...allow.map(({ from }) => from)]) {
    const prefixes = sources.flatMap((source) => (source.kind === 'prefix' ? [source.prefix] : []));
    for (const family of [4, 6] as const) {
      const own = prefixes.filter((prefix) => prefix.family === family);
      expect(isEveryone(PrefixSet.of(family, own))).toBe(false);
    }
  }
}

test('no text makes the reader throw, or opens the machine', patient, () => {
  for (const text of [FULL, ...BOMBS]) {
    const config = read(text);
    expect(config !== undefined).toBe(text === FULL);
  }
  fc.assert(
    fc.property(texts, (text) => {
      const config = read(text);
      if (config) expectClosed(config);
    }),
    runs(900),
  );
});

const lists = fc.constantFrom<ListName>('trusted', 'block', 'public');
const edits = lists.chain((list) => fc.tuple(fc.constant(list), fc.oneof(VALUES[list], damaged(VALUES[list]))));

/** All that a config says but for one of its lists. */
const restOf = (config: Config, list: ListName): string =>
  JSON.stringify({ ...config, [list]: [] }, (key, value: unknown) =>
    key === 'at' ? undefined : typeof value === 'bigint' ? `${value}` : value,
  );
const entries = (config: Config, list: ListName): string[] =>
  config[list].map((entry) =>
    JSON.stringify(entry, (key, value: unknown) =>
      key === 'at' ? undefined : typeof value === 'bigint' ? `${value}` : value,
    ),
  );

test('an edit of any config is refused, or changes that entry alone', patient, () => {
  fc.assert(
    fc.property(texts, edits, (text, [list, value]) => {
      const before = readConfig(text).config;
      const [added, removed] = [addEntry(text, list, value), removeEntry(text, list, value)];
      for (const edit of [added, removed]) {
        if (edit.kind !== 'changed') continue;
        const after = read(edit.text);
        if (!before || !after) throw new Error('a config that is wrong was edited, or became wrong by it');
        expect(restOf(after, list)).toBe(restOf(before, list));
        expectClosed(after);
        const [old, now] = [entries(before, list), entries(after, list)];
        if (edit === added) expect(now.slice(0, -1)).toEqual(old);
        else expect(new Set(old.filter((entry) => !now.includes(entry))).size).toBe(1);
      }
    }),
    runs(600),
  );
});

test('any entry of a config that was accepted can be taken out, or it is said why not', patient, () => {
  fc.assert(
    fc.property(texts, lists, fc.nat(), (text, list, at) => {
      const before = readConfig(text).config;
      const entry = before?.[list][at % Math.max(before[list].length, 1)];
      if (!before || !entry) return;
      const value = text.slice(entry.at.offset, entry.at.offset + entry.at.length).replaceAll(/^["']|["']$/g, '');
      const edit = removeEntry(text, list, value);
      if (edit.kind !== 'changed') return;
      const after = read(edit.text);
      expect(after && restOf(after, list)).toBe(restOf(before, list));
    }),
    runs(400),
  );
});

const BEFORE = 'version: 1\ntrusted: [203.0.113.0/31, "2001:db8:1::2"]\npublic: [22/tcp]\n';
const STRANGERS = PACKETS.map(({ source, state, link, protocol, port, to }) => {
  const unknown = source.value === 0xc633644dn || source.value === 0x20010db800770000_0000000000000001n;
  // A port that no config here opens, for somebody whom none of them trusts.
  return unknown && state === 'NEW' && link === 'eth0' && protocol === 'tcp' && port === 80 && to === 'LOCAL';
});

test('plan and apply of any text: refused, and nothing changes; or closed to strangers', patient, async () => {
  await fc.assert(
    fc.asyncProperty(damaged(fc.constantFrom(FULL, BEFORE)), async (text) => {
      const machine = new FakeMachine(BEFORE);
      settleOthers(machine);
      await tryOn(machine, apply, [], YES);
      const [stood, others] = [machine.kernel.text(), foreignText(machine.kernel)];
      machine.files.put(CONFIG, text);
      const planned = await tryOn(machine, plan);
      expect(machine.kernel.text()).toBe(stood);
      const { code } = await tryOn(machine, apply, [], YES);
      expect(code === 0).toBe(planned.code !== 1);
      if (code !== 0) expect(machine.kernel.text()).toBe(stood);
      expect(foreignText(machine.kernel)).toBe(others);
      const { config } = readConfig(text);
      if (config?.public.some(({ range }) => range.first <= 80 && range.last >= 80)) return;
      const open = verdicts(machine.kernel).filter((verdict, at) => STRANGERS[at] && verdict === 'pass');
      expect(open).toEqual([]);
    }),
    runs(60, 0.1),
  );
});
