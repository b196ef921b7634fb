import type { ErrorCode } from 'yaml';

const QUOTE = 'put the value in quotes';

const HINTS: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: `an asterisk begins an alias: ${QUOTE}, if it belongs to the value`,
  BAD_DQ_ESCAPE: "a backslash begins an escape inside double quotes: use single quotes, as in 'a\\b'",
  BAD_INDENT: 'close the bracket above, or indent this line like its neighbours, with spaces',
  BAD_SCALAR_START: `this character can't begin a value: ${QUOTE}`,
  BLOCK_AS_IMPLICIT_KEY: `keep to one 'key: value' a line and indent all entries of a list alike; ${QUOTE} if it has a colon`,
  MISSING_CHAR: 'close the bracket or quote that is open here; a key needs a colon behind it',
  MULTILINE_IMPLICIT_KEY: "write KEY: VALUE in one line; is a colon missing, or a '- ' before an entry?",
  UNEXPECTED_TOKEN: 'begin a list on the line below its key, one "- entry" a line, or write it as [entry, entry]',
};

/** The way out of a YAML syntax error. */
export const syntaxHint = (code: ErrorCode): string =>
  HINTS[code] ?? "compare the line with its neighbours: 'key: value', and entries as '- entry', indented with spaces";
