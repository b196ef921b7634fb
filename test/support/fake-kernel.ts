import type { Command, Exec, Output } from '../../src/effects/types.ts';
import type { Family } from '../../src/net/family.ts';
import { FakeSets } from './fake-sets.ts';
import { FakeTables } from './fake-tables.ts';
import { ToolError } from './tool-error.ts';

type Tool = (kernel: FakeKernel, args: readonly string[], input: string) => string;

/** A moment at which packets could see a change: a line of `ipset restore` was carried out, or a table committed. */
export interface Moment {
  readonly tool: string;
  /** The line, or the whole text of a transaction. */
  readonly text: string;
}

/**
 * Sets and tables in memory, changed and read by the very texts that ipset, iptables and ip6tables take and print; what
 * the real ones refuse, it refuses with their words. test/packets/roundtrip.test.ts compares it with a real kernel.
 *
 * `exec` stands in for effects/exec.ts. Programs that the kernel has nothing to do with are `missing`, unless `others`
 * answers for them. What `onMoment` throws ends the caller at that moment, as kill -9 would.
 */
export class FakeKernel {
  readonly tables: Readonly<Record<Family, FakeTables>>;
  readonly sets: FakeSets;
  readonly others: Map<string, (command: Command) => string | Promise<string>> = new Map();
  onMoment: (moment: Moment) => void = () => undefined;

  constructor() {
    this.sets = new FakeSets((name) => this.tables[4].references(name) + this.tables[6].references(name));
    const hasSet = (name: string): boolean => this.sets.get(name) !== undefined;
    this.tables = { 4: new FakeTables(4, hasSet), 6: new FakeTables(6, hasSet) };
  }

  clone(): FakeKernel {
    const other = new FakeKernel();
    other.sets.copyFrom(this.sets);
    for (const family of [4, 6] as const) other.tables[family].copyFrom(this.tables[family]);
    for (const [name, answer] of this.others) other.others.set(name, answer);
    return other;
  }

  /** Everything that iptables-save, ip6tables-save and `ipset save` print. */
  text(): string {
    return [this.tables[4].save(), this.tables[6].save(), this.sets.save()].join('---\n');
  }

  readonly exec: Exec = async (command) => {
    const other = this.others.get(command.file);
    const tool = TOOLS[command.file];
    if (!other && !tool) return { ...EXITED, outcome: 'missing', code: -1 };
    try {
      const stdout = other ? await other(command) : tool?.(this, command.args, inputOf(command));
      return { ...EXITED, stdout: Buffer.from(stdout ?? '') };
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return { ...EXITED, code: 1, stderr: `${command.file}: ${error.message}\n` };
    }
  };
}

const decoder = new TextDecoder('latin1');

export const inputOf = ({ input }: Command): string =>
  [...(input ?? [])].map((chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk))).join('');

const EXITED: Output = { outcome: 'exited', code: 0, stdout: Buffer.alloc(0), stderr: '' };

function restoreTables(family: Family): Tool {
  return (kernel, args, text) => {
    const committed = (): void =>
      kernel.onMoment({ tool: family === 4 ? 'iptables-restore' : 'ip6tables-restore', text });
    kernel.tables[family].restore(text, { noflush: args.includes('--noflush'), committed });
    return '';
  };
}

const saveTables =
  (family: Family): Tool =>
  ({ tables }, args) =>
    tables[family].save({ counters: args.includes('-c'), only: valueOf(args, '-t') });

/** `iptables -w 10 -t TABLE COMMAND…` */
const callTables =
  (family: Family): Tool =>
  (kernel, args) => {
    if (args.includes('--version')) return `${family === 4 ? 'iptables' : 'ip6tables'} v1.8.9 (nf_tables)\n`;
    const rest = args.filter((arg, at) => !['-w', '-t'].includes(arg) && !['-w', '-t'].includes(args[at - 1] ?? ''));
    kernel.tables[family].call(valueOf(args, '-t') ?? 'filter', rest.join(' '));
    kernel.onMoment({ tool: family === 4 ? 'iptables' : 'ip6tables', text: rest.join(' ') });
    return '';
  };

const valueOf = (args: readonly string[], option: string): string | undefined =>
  args.includes(option) ? args[args.indexOf(option) + 1] : undefined;

const ipset: Tool = (kernel, args, input) => {
  const exist = args.includes('-exist');
  const [verb, ...rest] = args.filter((arg) => arg !== '-exist');
  if (verb === 'save') return kernel.sets.save(rest.length > 0 ? rest : undefined);
  if (verb === 'list' && rest[0] === '-n')
    return kernel.sets
      .names()
      .map((name) => `${name}\n`)
      .join('');
  if (verb === '-') return interactive(kernel, input);
  const lines = verb === 'restore' ? input.split('\n').filter((line) => line.trim() !== '') : [args.join(' ')];
  for (const [index, line] of lines.entries()) {
    try {
      kernel.sets.run(line, exist);
    } catch (error) {
      throw error instanceof ToolError ? new ToolError(`Error in line ${index + 1}: ${error.message}`) : error;
    }
    kernel.onMoment({ tool: 'ipset', text: line });
  }
  return '';
};

/** The interactive mode prompts before each answer. */
const interactive = ({ sets }: FakeKernel, input: string): string =>
  input
    .split('\n')
    .filter((line) => line.startsWith('save '))
    .map((line) => `ipset> ${sets.save([line.slice('save '.length)])}`)
    .concat('ipset> ')
    .join('');

const TOOLS: Readonly<Record<string, Tool>> = {
  ipset,
  iptables: callTables(4),
  ip6tables: callTables(6),
  'iptables-save': saveTables(4),
  'ip6tables-save': saveTables(6),
  'iptables-restore': restoreTables(4),
  'ip6tables-restore': restoreTables(6),
};
