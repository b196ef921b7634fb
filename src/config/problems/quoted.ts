const LONGEST = 60;

/**
 * A value as a message shows it: in quotes, cut where it is long, and with nothing in it that a terminal would obey or
 * that would look like something else.
 */
export function quoted(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `'${visible(shown)}'`;
}

/** Control and format characters, which no message passes on, as `\u{…}`. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
