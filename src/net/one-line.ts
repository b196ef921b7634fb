const LONGEST = 300;

/** A text from outside as part of one line: nothing in it begins another one, or is obeyed by a terminal. */
export const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LONGEST);
