import { Composer, Lexer, Parser, type Document, type ParsedNode } from 'yaml';

type Token = ReturnType<Parser['parse']> extends Generator<infer T> ? T : never;

/** Deeper than any config; what reads the tokens' tree recurses, and a bracket costs the writer one byte. */
export const DEEPEST = 32;
/** The library closes collections by recursion, so a text of dashes alone must not get it that far. */
const DEEPEST_OPEN = 8 * DEEPEST;

export interface YamlText {
  /** Absent where the nesting is too deep to read. */
  readonly document?: Document.Parsed<ParsedNode>;
  /** Offset where a second document begins. */
  readonly second?: number;
  /** Offset of the first collection that lies too deep. */
  readonly tooDeep?: number;
}

/**
 * Reads YAML in the failsafe schema: every scalar stays the text that was written. Keys may repeat here (the check of
 * the library is quadratic). Source tokens are kept, for edits need to know where a dash or a colon stands.
 */
export function readYaml(text: string): YamlText {
  const tokens = readTokens(text);
  if (typeof tokens === 'number') return { tooDeep: tokens };
  const tooDeep = firstTooDeep(tokens);
  if (tooDeep !== undefined) return { tooDeep };
  const composer = new Composer({
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    keepSourceTokens: true,
    prettyErrors: false,
  });
  const [document, second] = composer.compose(tokens, true, text.length);
  return { ...(document && { document }), ...(second && { second: second.range[0] }) };
}

/** The tokens' tree; or where it gets too deep even to be closed. */
function readTokens(text: string): Token[] | number {
  const tokens: Token[] = [];
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > DEEPEST_OPEN) return parser.stack[DEEPEST + 1]?.offset ?? 0;
  }
  tokens.push(...parser.end());
  return tokens;
}

function firstTooDeep(tokens: readonly Token[]): number | undefined {
  const todo = tokens.map((token) => ({ token, depth: 0 }));
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (at.depth > DEEPEST) return at.token.offset;
    for (const token of childrenOf(at.token)) todo.push({ token, depth: at.depth + 1 });
  }
  return undefined;
}

function childrenOf(token: Token): Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((part) => part !== null && part !== undefined));
}
