import * as fc from 'fast-check';
import { BAD_INPUTS } from './bad-inputs.ts';

/** One entry of a list: what it means, and how it may be written. */
export interface Written {
  readonly value: string;
  readonly yaml: string;
}

/** A config and the text that says it, in a style of its own. */
export interface WrittenConfig {
  readonly text: string;
  readonly trusted: readonly string[];
  readonly block: readonly string[];
  readonly public: readonly string[];
}

export type ListName = 'trusted' | 'block' | 'public';

const quotedOr = (value: string): fc.Arbitrary<Written> =>
  fc
    .constantFrom(value, `"${value}"`, `'${value}'`)
    .map((yaml) => ({ value, yaml: value.endsWith(':') ? `"${value}"` : yaml }));

const octet = fc.integer({ min: 1, max: 223 }).filter((part) => part !== 127);
const v4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const v4Prefix = fc.tuple(octet, octet).map((parts) => `${parts.join('.')}.0.0/16`);
const v6 = fc.integer({ min: 1, max: 0xffff }).map((group) => `2001:db8::${group.toString(16)}`);
const v6Prefix = fc.integer({ min: 1, max: 0xffff }).map((group) => `2001:db8:${group.toString(16)}::/48`);
const hostName = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).map((label) => `${label}.example.com`);

const addresses = fc.oneof(v4, v4Prefix, v6, v6Prefix);
const port = fc
  .tuple(fc.integer({ min: 1, max: 65_000 }), fc.integer({ min: 0, max: 500 }), fc.constantFrom('tcp', 'udp'))
  .map(([first, more, protocol]) => (more % 2 === 0 ? `${first}/${protocol}` : `${first}-${first + more}/${protocol}`));

/** Values of one entry of each list. */
export const VALUES: Readonly<Record<ListName, fc.Arbitrary<string>>> = {
  trusted: fc.oneof(addresses, hostName),
  block: addresses,
  public: port,
};

const comment = fc.constantFrom('', ' # home', '   # a, b] }: - x', '\t# tab');
const ownComment = fc.constantFrom('', '', '\n', '# - 192.0.2.1\n', '  # indented: [\n');

const block =
  (name: string, indent: string, gap: string) =>
  (entries: readonly [Written, string, string][], behind: string): string =>
    `${name}:${behind}\n${entries.map(([{ yaml }, after, above]) => `${above}${indent}-${gap}${yaml}${after}\n`).join('')}`;

const lines =
  (name: string, trailing: boolean) =>
  (entries: readonly [Written, string, string][], behind: string): string =>
    `${name}: [${behind}\n${entries
      .map(
        ([{ yaml }, after, above], at) =>
          `${above}  ${yaml}${trailing || at < entries.length - 1 ? ',' : ''}${after}\n`,
      )
      .join('')}  ]${behind}\n`;

const flow =
  (name: string, [open, comma, close]: readonly [string, string, string]) =>
  (entries: readonly [Written, string, string][], behind: string): string =>
    `${name}: ${open}${entries.map(([{ yaml }]) => yaml).join(comma)}${close}${behind}\n`;

type Writer = (entries: readonly [Written, string, string][], behind: string) => string;

const writer = (name: string): fc.Arbitrary<Writer> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom('', '  ', '    '), fc.constantFrom(' ', '   '))
      .map(([indent, gap]) => block(name, indent, gap)),
    fc.boolean().map((trailing) => lines(name, trailing)),
    fc
      .constantFrom(
        ['[', ', ', ']'] as const,
        ['[ ', ',', ' ]'] as const,
        ['[', ',\n    ', ',]'] as const,
        ['[', ' , ', ' , ]'] as const,
        ['[ ', '\n  , ', '\n  ]'] as const,
      )
      .map((style) => flow(name, style)),
  );

interface Section {
  readonly text: string;
  readonly values: readonly string[];
}

const section = (list: ListName): fc.Arbitrary<Section> =>
  fc
    .tuple(
      writer(list),
      fc.array(fc.tuple(VALUES[list].chain(quotedOr), comment, ownComment), { minLength: 1, maxLength: 5 }),
      comment,
    )
    .map(([write, entries, behind]) => ({ text: write(entries, behind), values: entries.map(([{ value }]) => value) }));

/** Configs of all three lists, in any order and style, with comments, as CRLF or LF, with or without a byte order mark. */
export const writtenConfig: fc.Arbitrary<WrittenConfig> = fc
  .record({
    trusted: section('trusted'),
    block: section('block'),
    public: section('public'),
    rest: fc.constantFrom('', 'log: off\n', '# end\n', "docker: {swarm: auto}\nbackend: 'auto' # x\n", '\n\n'),
    order: fc.shuffledSubarray(['trusted', 'block', 'public', 'version'] as const, { minLength: 4 }),
    crlf: fc.boolean(),
    mark: fc.boolean(),
    ended: fc.boolean(),
  })
  .map(({ order, crlf, mark, ended, rest, ...lists }) => {
    const parts = order.map((key) => (key === 'version' ? 'version: 1\n' : lists[key].text));
    const text = [...parts, rest].join('');
    const whole = ended ? text : text.replace(/\n+$/, '');
    return {
      text: (mark ? '\uFEFF' : '') + (crlf ? whole.replaceAll('\n', '\r\n') : whole),
      trusted: lists.trusted.values,
      block: lists.block.values,
      public: lists.public.values,
    };
  });

const edits = fc.array(
  fc.tuple(
    fc.nat(),
    fc.nat({ max: 8 }),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom(
        '\n',
        ': ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '#',
        '"',
        "'",
        '&a ',
        '*a',
        '!!str ',
        '|',
        '>',
        ',',
        '\t',
        '/0',
        '/1',
        '0.0.0.0/0',
        '<<',
        '---\n',
        '?',
        '%',
      ),
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

/** Configs, good and bad ones, with some of their characters replaced. */
export const mutated = fc
  .tuple(
    fc.oneof(
      writtenConfig.map(({ text }) => text),
      fc.constantFrom(...BAD_INPUTS.map(({ text }) => text).filter((text) => text.length < 3000)),
    ),
    edits,
  )
  .map(([text, changes]) =>
    changes.reduce((old, [at, length, put]) => {
      const start = at % (old.length + 1);
      return old.slice(0, start) + put + old.slice(start + length);
    }, text),
  );
