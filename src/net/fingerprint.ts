import { createHash } from 'node:crypto';

/** A name for a content: equal contents have equal names, and others, for all that matters, have others. Hexadecimal. */
export function fingerprintOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
