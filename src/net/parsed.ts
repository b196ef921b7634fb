/** The outcome of reading text: the value, or a fault and, where it can be told, the text that was probably meant. */
export type Parsed<T, F> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: F; readonly hint?: string };

/** A fault, as every parser on this floor reports it. */
export type Failed<F> = Extract<Parsed<never, F>, { ok: false }>;

export const good = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const bad = <F>(fault: F, hint?: string): Failed<F> =>
  hint === undefined ? { ok: false, fault } : { ok: false, fault, hint };
