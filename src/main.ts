#!/usr/bin/env node
import { VERSION } from './version.ts';

/** Asked for the version alone, nothing else is loaded: scripts ask often. */
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`seawall ${VERSION}\n`);
} else {
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
