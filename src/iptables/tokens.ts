/** Splits a rule as iptables-save prints it: words by spaces, `"…"` with backslash escapes as one word. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const word = /"((?:[^"\\]|\\.)*)"|(\S+)/g;
  for (const [, quoted, bare] of text.matchAll(word)) {
    words.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return words;
}

/** Whether every quotation mark begins or ends a word, as in all that iptables-save prints. */
export const isWellQuoted = (text: string): boolean =>
  !text.replaceAll(/(?<=^|\s)"(?:[^"\\]|\\.)*"(?=\s|$)/g, '').includes('"');

/** A text as one word of a rule; iptables-save quotes only where it must, and so do we. */
export function quoteWord(text: string): string {
  if (/^[A-Za-z0-9_.,:/+-]+$/.test(text)) return text;
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
