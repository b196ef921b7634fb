import * as fc from 'fast-check';

// By day each property is tried with the same cases every time, so that a test that fails does so for everybody, and
// because of what was changed. The night (`npm run nightly`) looks for new ones.
if (process.env['FC_RUNS'] === undefined) fc.configureGlobal({ seed: 20_261_126 });
