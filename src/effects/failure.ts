/**
 * A failure that is expected to happen to people: what happened, and the way out. Anything else that is thrown is a
 * bug and is shown as one.
 */
export class Failure extends Error {
  readonly hint: string;
  /** The exit code of the contract: 1 error, 3 refused by a safety guard. */
  readonly exitCode: number;

  constructor(message: string, hint: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'Failure';
    this.hint = hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** What the work gives; undefined where it fails in a way that is expected. A bug stays one. */
export async function unlessFailure<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
