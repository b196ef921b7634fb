/** The IP version an address, prefix, set or chain belongs to. */
export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

/** Number of bits of an address: 32 or 128. */
export const addressBits = (family: Family): number => (family === 4 ? 32 : 128);
