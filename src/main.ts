import { main } from './cli/main.ts';

// The shebang and a fast answer to --version stand in front of the bundle: scripts/build.mjs.
async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
}

void run();
