// What the kernel's own tools print of any rule means what was written, and is printed back as it came.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIpset } from '../../src/ipset/whole/parse.ts';
import { parseIptables } from '../../src/iptables/whole/parse.ts';
import { printIptables } from '../../src/iptables/whole/print.ts';
import { FAMILIES, type Family } from '../../src/net/family.ts';
import { parseNft } from '../../src/nftables/whole/parse.ts';
import { withoutCopies } from '../../src/ruleset/copies.ts';
import type { FilterTable } from '../../src/ruleset/netfilter.ts';
import { RealKernel, VARIANTS } from '../support/real-kernel.ts';
import { shownRule } from '../support/shown-rules.ts';
import { IPV4_RULES, IPV6_RULES, RULES, SETS, type RuleCases } from './support/rule-forms.ts';

const CORPUS = join(import.meta.dirname, '../corpus/nft');

const textOf = (rules: RuleCases): string =>
  Object.entries(rules)
    .map(([table, lines]) =>
      [`*${table}`, ':own - [0:0]', ...lines.map((line) => `-A ${line}`), 'COMMIT', ''].join('\n'),
    )
    .join('');

/** The meaning of every rule; what is open is so under whichever words, and a hash prints its elements in any order. */
const meanings = (tables: readonly FilterTable[]): string[] =>
  tables
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .flatMap(({ name, chains }) =>
      [...chains.values()].flatMap((chain) =>
        chain.rules.map(
          (rule) => `${name} ${chain.name} ${inAnyOrder(shownRule(rule).replaceAll(/open<[^>]*>/g, 'open'))}`,
        ),
      ),
    )
    .toSorted();

const inAnyOrder = (meaning: string): string =>
  meaning
    .split(/[\s,;|()[\]{}]+/)
    .toSorted()
    .join(' ');

const merged = (...all: RuleCases[]): RuleCases => {
  const tables = [...new Set(all.flatMap((rules) => Object.keys(rules)))];
  return Object.fromEntries(tables.map((table) => [table, all.flatMap((rules) => rules[table] ?? [])]));
};

describe.each(VARIANTS)('with %s iptables', (variant) => {
  const kernel = new RealKernel(variant);
  beforeAll(async () => {
    await kernel.fresh();
    await run('ipset', ['restore'], SETS);
  });
  afterAll(() => kernel.remove());

  async function run(file: string, args: readonly string[] = [], input = ''): Promise<string> {
    const { code, stdout, stderr } = await kernel.exec({ file, args, input: [input] });
    expect([file, code, stderr.replaceAll(/^#.*\n/gm, '')]).toEqual([file, 0, '']);
    return stdout.toString();
  }

  const saved = (family: Family): Promise<string> => run(family === 4 ? 'iptables-save' : 'ip6tables-save', ['-c']);

  test.each(FAMILIES)('IPv%i: every match and target', async (family) => {
    const text = textOf(merged(RULES, family === 4 ? IPV4_RULES : IPV6_RULES));
    await run(family === 4 ? 'iptables-restore' : 'ip6tables-restore', ['--noflush'], text);
    const output = await saved(family);
    const tables = parseIptables(output, family);
    expect(printIptables(tables)).toBe(output.replaceAll(/^#.*\n/gm, ''));
    expect(tables.flatMap(({ unread = [] }) => unread)).toEqual([]);
    expect(meanings(tables)).toEqual(meanings(parseIptables(text, family)));
  });

  if (variant === 'nft')
    test('nft shows the same tables, and they are taken once', async () => {
      const iptables = [...parseIptables(await saved(4), 4), ...parseIptables(await saved(6), 6)];
      await run('nft', ['add', 'table', 'ip', 'others']);
      const { tables } = parseNft(await run('nft', ['-j', 'list', 'ruleset']));
      expect(tables.length).toBeGreaterThan(5);
      expect(withoutCopies(tables, iptables).map(({ name }) => name)).toEqual(['ip others']);
    });

  test('every type of set is read as it was filled', async () => {
    const sets = parseIpset(Buffer.from(await run('ipset', ['save'])));
    const wanted = parseIpset(Buffer.from(SETS));
    expect([...sets.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
    for (const [name, set] of sets) expect([name, inOrder(set)]).toEqual([name, inOrder(wanted.get(name))]);
  });
});

/** Entries in the order of their texts: a hash has none. */
function inOrder(set: unknown): string {
  return JSON.stringify(set, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString(16);
    return Array.isArray(value) ? value.map((each) => JSON.stringify(each, bigints)).toSorted() : value;
  });
}
const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString(16) : value);

describe('nft', () => {
  const kernel = new RealKernel('nft');
  afterAll(() => kernel.remove());
  const names = readdirSync(CORPUS).filter((name) => name.endsWith('.nft'));

  test.each(names)('%s: what the installed nft prints is read like the recording', async (name) => {
    await kernel.fresh();
    const text = readFileSync(join(CORPUS, name), 'utf8');
    const load = await kernel.exec({ file: 'nft', args: ['-f', '-'], input: [text] });
    expect([load.code, load.stderr]).toEqual([0, '']);
    const live = parseNft((await kernel.exec({ file: 'nft', args: ['-j', 'list', 'ruleset'] })).stdout);
    const recording = parseNft(readFileSync(join(CORPUS, name.replace('.nft', '.json'))));
    expect(meanings(live.tables)).toEqual(meanings(recording.tables));
    const printed = (await kernel.exec({ file: 'nft', args: ['-s', 'list', 'ruleset'] })).stdout.toString();
    const lines = new Set(printed.split('\n').map((line) => line.trim()));
    const texts = live.tables.flatMap(({ chains }) =>
      [...chains.values()].flatMap(({ rules }) => rules.map((rule) => rule.text)),
    );
    expect(texts.filter((rule) => !lines.has(rule))).toEqual([]);
  });
});
