const asked = process.env['FC_RUNS'];
/** Whether there is time for what takes minutes. */
export const atNight = asked !== undefined;
const seed = process.env['FC_SEED'];

/**
 * How often a property is tried: seldom by default, so that all unit tests take seconds; `FC_RUNS=20000` for a night.
 * `share`: of what is asked for, where a case is a whole run of a command and not a text that is read. `FC_SEED` plays a
 * night again.
 */
export const runs = (usual: number, share = 1): { numRuns: number; seed?: number } => ({
  numRuns: asked === undefined ? usual : Math.max(usual, Math.ceil(Number(asked) * share)),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

/** Options of a test with a property in it: asked for many runs, it may take as long as it likes. */
export const patient = { timeout: asked === undefined ? 120_000 : 36_000_000 };
