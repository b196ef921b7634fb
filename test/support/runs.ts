const asked = process.env['FC_RUNS'];

/** How often a property is tried: seldom by default, so that all unit tests take seconds; `FC_RUNS=20000` for a night. */
export const runs = (usual: number): { numRuns: number } => ({ numRuns: Number(asked ?? usual) });

/** Options of a test with a property in it: asked for many runs, it may take as long as it likes. */
export const patient = { timeout: asked === undefined ? 120_000 : 36_000_000 };
