import { main } from './cli/main.ts';

// The shebang and a fast answer to --version stand in front of the bundle: scripts/build.mjs.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
