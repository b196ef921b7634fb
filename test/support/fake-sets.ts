import { addressBits, type Family } from '../../src/net/family.ts';
import { formatPrefix, mask, readPrefix } from '../../src/net/prefix.ts';
import { parseAddress } from '../../src/net/address.ts';
import { ToolError } from './tool-error.ts';

/** One ipset: its type, the options it was made with, its entries as `ipset save` prints them. */
export interface FakeSet {
  readonly type: string;
  readonly options: string;
  readonly entries: Set<string>;
  /** Another number after every change of this set. */
  revision: number;
}

let revisions = 0;

/** The kernel's sets, as far as Seawall uses them: each line of `ipset restore` takes effect at once, as in the real one. */
export class FakeSets {
  readonly #sets = new Map<string, FakeSet>();
  readonly #references: (name: string) => number;

  constructor(references: (name: string) => number) {
    this.#references = references;
  }

  get(name: string): FakeSet | undefined {
    return this.#sets.get(name);
  }

  names(): string[] {
    return [...this.#sets.keys()];
  }

  copyFrom(other: FakeSets): void {
    for (const name of other.names()) {
      const set = other.#need(name);
      this.#sets.set(name, { ...set, entries: new Set(set.entries) });
    }
  }

  /** One line of `ipset restore`. `exist`: what is there already is no failure. */
  run(line: string, exist = false): void {
    const [verb = '', name = '', ...rest] = line.trim().split(/\s+/);
    const command = this.#commands[verb];
    if (!command) throw new ToolError(`Unknown argument ${verb}`);
    command(name, rest, exist);
  }

  /** Entries come in an order that nobody chose, as from a hash. */
  save(names: readonly string[] = this.names()): string {
    return names
      .map((name) => {
        const { type, options, entries } = this.#need(name);
        const head = `create ${name} ${type} ${options}${type.startsWith('hash') ? ' bucketsize 12 initval 0x1f2e3d4c' : ''}\n`;
        return (
          head +
          [...entries]
            .toReversed()
            .map((entry) => `add ${name} ${entry}\n`)
            .join('')
        );
      })
      .join('');
  }

  readonly #commands: Readonly<Record<string, (name: string, rest: readonly string[], exist: boolean) => void>> = {
    create: (name, [type = '', ...options], exist) => {
      if (this.#sets.has(name)) {
        if (exist) return;
        throw new ToolError('Set cannot be created: set with the same name already exists');
      }
      if (name.length > 31) throw new ToolError(`Syntax error: setname '${name}' is longer than 31 characters`);
      this.#sets.set(name, { type, options: options.join(' '), entries: new Set(), revision: ++revisions });
    },
    add: (name, [entry = ''], exist) => {
      const set = this.#need(name);
      const added = entriesOf(set, entry);
      const there = added.filter((each) => set.entries.has(each));
      if (there.length > 0 && !exist) throw new ToolError("Element cannot be added to the set: it's already added");
      const limit = Number(/maxelem (\d+)/.exec(set.options)?.[1] ?? Infinity);
      if (set.entries.size + added.length - there.length > limit)
        throw new ToolError('Hash is full, cannot add more elements');
      for (const each of added) set.entries.add(each);
      set.revision = ++revisions;
    },
    del: (name, [entry = ''], exist) => {
      const set = this.#need(name);
      const gone = entriesOf(set, entry);
      if (!exist && !gone.every((each) => set.entries.has(each)))
        throw new ToolError("Element cannot be deleted from the set: it's not added");
      for (const each of gone) set.entries.delete(each);
      set.revision = ++revisions;
    },
    flush: (name) => {
      const set = this.#need(name);
      set.entries.clear();
      set.revision = ++revisions;
    },
    /** Rules go on to speak of the same name, which now has the other content. */
    swap: (name, [other = '']) => {
      const [a, b] = [this.#need(name), this.#need(other)];
      if (a.type !== b.type || familyOf(a) !== familyOf(b))
        throw new ToolError('The sets cannot be swapped: their type does not match');
      this.#sets.set(name, b).set(other, a);
    },
    rename: (name, [other = '']) => {
      const set = this.#need(name);
      if (this.#sets.has(other)) throw new ToolError('Set cannot be renamed: a set with the new name already exists');
      if (this.#references(name) > 0) throw new ToolError('Set cannot be renamed: it is in use by another system');
      this.#sets.delete(name);
      this.#sets.set(other, set);
    },
    destroy: (name) => {
      this.#need(name);
      if (this.#references(name) > 0)
        throw new ToolError('Set cannot be destroyed: it is in use by a kernel component');
      this.#sets.delete(name);
    },
  };

  #need(name: string): FakeSet {
    const set = this.#sets.get(name);
    if (!set) throw new ToolError('The set with the given name does not exist');
    return set;
  }
}

export const familyOf = ({ type, options }: FakeSet): Family | undefined =>
  type.startsWith('hash') ? (options.includes('family inet6') ? 6 : 4) : undefined;

/** What an `add` puts into the set: bits below a prefix are masked off in silence, ranges of ports become their ports. */
function entriesOf(set: FakeSet, entry: string): string[] {
  if (set.type === 'hash:net') return [netEntry(entry, familyOf(set) ?? 4)];
  if (set.type !== 'bitmap:port') return [entry];
  const [first = 0, last = first] = entry.split('-').map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last) || last > 65_535)
    throw new ToolError(`Syntax error: cannot parse '${entry}' as a port`);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);
}

function netEntry(entry: string, family: Family): string {
  const [host = '', bits = `${addressBits(family)}`] = entry.split('/');
  const parsed = parseAddress(host);
  if (!parsed.ok || parsed.value.family !== family) throw new ToolError(`Syntax error: cannot parse ${host}`);
  const length = Number(bits);
  if (length === 0) throw new ToolError('The value of the CIDR parameter of the IP address is invalid');
  return formatPrefix({ family, value: parsed.value.value & mask(family, length), length });
}

/** The prefixes of a set's entries. */
export const prefixesOf = (set: FakeSet) =>
  [...set.entries].flatMap((entry) => {
    const parsed = readPrefix(entry);
    return parsed.ok ? [parsed.value] : [];
  });
