/** Configs with something wrong, and exactly what is to be said about each: `line:column code`, `w` for a warning. */
export interface BadInput {
  readonly name: string;
  readonly text: string;
  readonly expect: readonly string[];
  /** A part of the first problem's hint. */
  readonly hint?: string;
}

export const V = 'version: 1\n';
/** One entry of `trusted`, in line 3 from column 5. */
export const trusted = (...entries: string[]): string =>
  `${V}trusted:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`;
/** One entry of `public`, in line 2 from column 10. */
export const ports = (entries: string): string => `${V}public: [${entries}]\n`;
/** Behind a config that is else in order. */
export const with22 = (rest: string): string => `${V}public: [22/tcp]\n${rest}`;
export const one = (name: string, text: string, code: string, hint?: string): BadInput => ({
  name,
  text,
  expect: [code],
  ...(hint !== undefined && { hint }),
});

export const address = (entry: string, code: string, hint: string): BadInput =>
  one(`address ${JSON.stringify(entry)}`, trusted(entry), `3:5 ${code}`, hint);

export const port = (entry: string, code: string, hint: string): BadInput =>
  one(`port ${JSON.stringify(entry)}`, ports(entry), `2:10 ${code}`, hint);
