/** How often a property is tried: seldom by default, so that all unit tests take seconds; `FC_RUNS=20000` for a night. */
export const runs = (usual: number): { numRuns: number } => ({ numRuns: Number(process.env['FC_RUNS'] ?? usual) });
