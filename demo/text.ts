/** One line of a list: who, doing what, with which result. */
export function entry(who: string, what: string, result: string): string {
  return `  ${who.padEnd(12)}${what.padEnd(26)}${result}`;
}

/** `  1,234 attempts`, so that numbers above each other line up. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en').padStart(7)} ${what}`;
}
