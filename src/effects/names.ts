import { parseAddress, type Address } from '../net/address.ts';
import type { Exec, Names } from './types.ts';

const TIMEOUT_MS = 5000;

/**
 * As the machine itself resolves names: /etc/hosts and DNS, both IP versions, by getent(1). In a process of its own: the
 * system's resolver can't be interrupted, and within this process it would hold up its end, and all reading of files,
 * for as long as the name servers are silent.
 */
export const makeNames = (exec: Exec): Names => ({
  async lookup(name) {
    const { stdout } = await exec({ file: 'getent', args: ['ahosts', name], timeoutMs: TIMEOUT_MS });
    const found = stdout
      .toString()
      .split('\n')
      .flatMap((line): Address[] => {
        const parsed = parseAddress(line.split(/\s/)[0] ?? '');
        return parsed.ok ? [parsed.value] : [];
      });
    // One line for each kind of socket.
    return [...new Map(found.map((address) => [`${address.family} ${address.value}`, address])).values()];
  },
});
