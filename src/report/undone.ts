/** How a change that nobody confirmed ended. */
export interface UndoneFacts {
  /** 0 where it isn't known. */
  readonly generation: number;
  readonly result: 'restored' | 'removed' | 'minimum' | 'failed';
  /** ISO 8601, UTC. */
  readonly at: string;
}

const RESULTS: Readonly<Record<UndoneFacts['result'], string>> = {
  restored: 'what was confirmed before it stands again',
  removed: 'no firewall stands, as before it',
  minimum: 'what was confirmed before it is damaged, so the minimum stands: closed, but for SSH',
  failed: 'BUT NOT WHOLLY: it could not be undone, and stands as it was',
};

export const undoneResult = ({ result }: UndoneFacts): string => RESULTS[result];

export const undoneText = ({ generation, result, at }: UndoneFacts): string =>
  `Nobody confirmed ${generation === 0 ? 'the last change' : `generation ${generation}`} in time, so it was undone at ${timeText(at)}: ${RESULTS[result]}.`;

/** `2026-11-22T19:05:01.000Z` is `2026-11-22 19:05:01 UTC`. */
export const timeText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
