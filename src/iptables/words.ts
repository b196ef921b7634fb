/** The words of a rule, read from left to right. */
export class Words {
  #at = 0;
  readonly #words: readonly string[];
  constructor(words: readonly string[]) {
    this.#words = words;
  }
  /** Never again after a word that isn't there was asked for: the rule was cut off. */
  done = (): boolean => this.#at === this.#words.length;
  isNext = (word: string): boolean => this.#words[this.#at] === word;
  next = (): string | undefined => this.#words[this.#at++];
  take(...expected: string[]): boolean {
    if (!expected.every((word, index) => this.#words[this.#at + index] === word)) return false;
    this.#at += expected.length;
    return true;
  }
}

/** Names are visible ASCII without quotation marks; another one would be a different text in our hands. */
export const isName = (word: string): boolean => /^[!#-~]+$/.test(word);
