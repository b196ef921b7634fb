/**
 * Runs a program and keeps what V8 compiled on the way: node scripts/warm-up.mjs PROGRAM SHOWN_AS ID CACHE
 *
 * Everything around it is made up (a config, tools that find nothing, no Docker), so neither the real machine is read
 * nor root is needed.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';

const CONFIG = `version: 1
trusted: [192.0.2.7, 198.51.100.0/24, '2001:db8::/48', {file: list.txt}]
public: [22/tcp, 8000-8010/tcp, 443/udp]
allow:
  - {from: [192.0.2.0/24], to: [9100/tcp], note: monitoring}
`;
const [programFile = '', filename = '', id = '', cacheFile = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'seawall-warm-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
makeUp();

const script = new Script(readFileSync(programFile, 'latin1'), { filename });
const runs = [['apply', '--yes'], ['trust', 'add', '192.0.2.9', '--yes'], ['plan'], ['status']];
process.on('beforeExit', next);
next();

function next() {
  const words = runs.shift();
  if (words === undefined) return keep();
  process.argv = [process.execPath, filename, ...words, '--config', join(folder, 'c.yaml'), '--state-dir', folder];
  script.runInThisContext()(process.getBuiltinModule);
}

/** V8 keeps with the script whatever of it was called. */
function keep() {
  process.off('beforeExit', next);
  process.exitCode = 0;
  writeFileSync(`${cacheFile}.new`, Buffer.concat([Buffer.from(id), script.createCachedData()]));
  renameSync(`${cacheFile}.new`, cacheFile);
}

function makeUp() {
  writeFileSync(join(folder, 'c.yaml'), CONFIG);
  writeFileSync(join(folder, 'list.txt'), '203.0.113.0/25\n2001:db8:1::/64\n');
  mkdirSync(join(folder, 'bin'));
  for (const tool of ['ip', 'ipset', 'conntrack', 'iptables', 'ip6tables'].flatMap((name) => [
    name,
    `${name}-save`,
    `${name}-restore`,
  ])) {
    writeFileSync(join(folder, 'bin', tool), "#!/bin/sh\nif [ ! -t 0 ]; then cat >/dev/null; fi\necho '[]'\n");
    chmodSync(join(folder, 'bin', tool), 0o755);
  }
  process.env.PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  process.env.DOCKER_HOST = `unix://${join(folder, 'no.sock')}`;
}
