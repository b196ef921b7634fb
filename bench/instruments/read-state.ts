import { execFile } from 'node:child_process';
import { request } from 'node:http';

/**
 * What reading the machine costs at least, if it is done by the tools: all of them at once, and two questions to
 * Docker. The control of the commands that read the same to do something with it.
 */
const TOOLS: readonly (readonly string[])[] = [
  ['iptables-save', '-c'],
  ['ip6tables-save', '-c'],
  ['ipset', 'save'],
  ['ip', '-j', '-d', 'address', 'show'],
  ['ip', '-j', '-4', 'route', 'show', 'table', 'all', 'default'],
  ['ip', '-j', '-6', 'route', 'show', 'table', 'all', 'default'],
];

const run = ([file = '', ...words]: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    execFile(file, words, { maxBuffer: 1 << 30 }, (error, stdout) => (error ? reject(error) : resolve(stdout.length)));
  });

const ask = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ socketPath: '/run/docker.sock', path }, (answer) => {
      let length = 0;
      answer.on('data', (chunk: Buffer) => (length += chunk.length)).on('end', () => resolve(length));
    })
      .on('error', reject)
      .end();
  });

await Promise.all([...TOOLS.map(run), ask('/networks'), ask('/info')]);
process.exit();
