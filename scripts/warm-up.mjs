/**
 * Runs `status` of a program and keeps what V8 compiled on the way: node scripts/warm-up.mjs PROGRAM SHOWN_AS ID CACHE
 * More commands would make a larger cache, which costs every start more than it saves.
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
const TOOL = "#!/bin/sh\necho '[]'\n";
const [programFile = '', filename = '', id = '', cacheFile = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'seawall-warm-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
makeUp();

const script = new Script(readFileSync(programFile, 'latin1'), { filename });
process.once('beforeExit', keep);
process.argv = [process.execPath, filename, 'status', '--config', join(folder, 'c.yaml'), '--state-dir', folder];
script.runInThisContext()(process.getBuiltinModule);

function makeUp() {
  writeFileSync(join(folder, 'c.yaml'), CONFIG);
  writeFileSync(join(folder, 'list.txt'), '203.0.113.0/25\n2001:db8:1::/64\n');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['ip', 'ipset', 'iptables-save', 'ip6tables-save']) {
    writeFileSync(join(bin, tool), TOOL);
    chmodSync(join(bin, tool), 0o755);
  }
  process.env.PATH = `${bin}:${process.env.PATH}`;
  process.env.DOCKER_HOST = `unix://${join(folder, 'no.sock')}`;
}

/** V8 keeps with the script whatever of it was called. */
function keep() {
  const { exitCode } = process;
  // 2: no firewall stands there. All else means that less was called than should have been.
  if (exitCode !== 2) throw new Error(`status ended with ${exitCode}`);
  process.exitCode = 0;
  writeFileSync(`${cacheFile}.new`, Buffer.concat([Buffer.from(id), script.createCachedData()]));
  renameSync(`${cacheFile}.new`, cacheFile);
}
