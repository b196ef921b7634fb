import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Scalar,
  type Alias,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Span } from '../problems/positions.ts';
import type { ProblemList } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import type { Entry, Tree } from './tree.ts';

/** Nodes that aliases may add up to: more than any config, few enough to read at once ("billion laughs"). */
const MOST_ALIASED = 100_000;

interface Anchored {
  readonly tree: Tree;
  readonly size: number;
}

/** Turns the YAML library's nodes into a Tree and reports what the config takes no part of. */
export class TreeBuilder {
  readonly #problems: ProblemList;
  readonly #anchors = new Map<string, Anchored | 'open'>();
  /** Nodes built so far, aliased ones as often as they stand. */
  #size = 0;
  #aliased = 0;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  build(node: unknown, fallback: Span): Tree {
    if (isAlias(node)) return this.#alias(node);
    const { anchor } = (node ?? {}) as { anchor?: string };
    const before = this.#size++;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const tree = this.#fresh(node, fallback);
    if (anchor !== undefined) this.#anchors.set(anchor, { tree, size: this.#size - before });
    return tree;
  }

  #fresh(node: unknown, fallback: Span): Tree {
    if (isMap(node)) return this.#mapping(node);
    if (isSeq(node)) return this.#list(node);
    if (isScalar(node)) return this.#scalar(node);
    return { kind: 'nothing', span: fallback };
  }

  #scalar(node: Scalar): Tree {
    const span = spanOf(node);
    this.#refuseTag(node, span);
    const text = String(node.value ?? '');
    const isNothing = node.type === Scalar.PLAIN && /^(?:~|null|Null|NULL|)$/.test(text);
    return isNothing ? { kind: 'nothing', span } : { kind: 'text', text, span };
  }

  #list(node: YAMLSeq): Tree {
    const span = spanOf(node);
    this.#refuseTag(node, span);
    return { kind: 'list', items: node.items.map((item) => this.build(item, span)), span };
  }

  #mapping(node: YAMLMap): Tree {
    const span = spanOf(node);
    this.#refuseTag(node, span);
    const entries = new Map<string, Entry>();
    for (const pair of node.items) {
      const entry = this.#entry(pair, span);
      if (entry !== undefined) this.#addEntry(entries, entry);
    }
    return { kind: 'mapping', entries: [...entries.values()], span };
  }

  #entry(pair: Pair, mapping: Span): Entry | undefined {
    const keySpan = pair.key === null ? mapping : spanOf(pair.key as Node);
    const value = this.build(pair.value, keySpan);
    if (!isScalar(pair.key) || typeof pair.key.value !== 'string' || pair.key.value === '') {
      this.#problems.error(
        'bad-key',
        keySpan,
        'a key must be a plain word',
        'write KEY: VALUE; quote a value with a colon',
      );
      return undefined;
    }
    const key = pair.key.value;
    if (key !== '<<') return { key, keySpan, value };
    const hint = 'write out the keys that it would merge';
    this.#problems.error('merge-key', keySpan, "merge keys ('<<') are not supported", hint);
    return undefined;
  }

  #addEntry(entries: Map<string, Entry>, entry: Entry): void {
    const first = entries.get(entry.key);
    if (first === undefined) {
      entries.set(entry.key, entry);
      return;
    }
    const line = this.#problems.positions.line(first.keySpan.start);
    const message = `${quoted(entry.key)} stands here a second time (first in line ${line})`;
    this.#problems.error(
      'duplicate-key',
      entry.keySpan,
      message,
      `move what it holds to line ${line}, and delete it here`,
    );
  }

  #alias(node: Alias.Parsed | Alias): Tree {
    const span = spanOf(node);
    const target = this.#anchors.get(node.source);
    if (target === undefined || target === 'open') {
      this.#badAlias(node.source, span, target === 'open');
      return { kind: 'faulty', span };
    }
    const before = this.#aliased;
    this.#aliased += target.size;
    this.#size += target.size;
    if (this.#aliased <= MOST_ALIASED) return { ...target.tree, span };
    if (before <= MOST_ALIASED) {
      this.#problems.error('too-many-aliases', span, 'the aliases add up to too much', 'write the entries out');
    }
    return { kind: 'faulty', span };
  }

  #badAlias(name: string, span: Span, isOpen: boolean): void {
    const [alias, anchor] = [quoted(`*${name}`), quoted(`&${name}`)];
    if (isOpen) {
      this.#problems.error('bad-alias', span, `${alias} stands inside what it stands for`, 'write the entries out');
      return;
    }
    const isWildcard = name.startsWith('.') || name === '';
    const hint = isWildcard
      ? 'a name with a wildcard stands for no address; write the names themselves'
      : `define it above with ${anchor}, or write the value itself`;
    this.#problems.error('bad-alias', span, `there is no anchor ${anchor}`, hint);
  }

  #refuseTag(node: Node, span: Span): void {
    if (node.tag === undefined) return;
    this.#problems.error(
      'yaml-tag',
      span,
      `the tag ${quoted(node.tag)} is not supported`,
      'delete it; every value is text',
    );
  }
}

const spanOf = (node: Node): Span => ({ start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });
