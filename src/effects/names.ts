import { lookup } from 'node:dns/promises';
import { parseAddress, type Address } from '../net/address.ts';
import type { Names } from './types.ts';

const TIMEOUT_MS = 5000;

/** As the machine itself resolves names: /etc/hosts and DNS, both IP versions. */
export const names: Names = {
  async lookup(name) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never[]>((resolve) => {
      timer = setTimeout(() => resolve([]), TIMEOUT_MS);
    });
    try {
      const found = await Promise.race([lookup(name, { all: true }), late]);
      return found.flatMap(({ address }): Address[] => {
        const parsed = parseAddress(address);
        return parsed.ok ? [parsed.value] : [];
      });
    } catch {
      return [];
    } finally {
      clearTimeout(timer);
    }
  },
};
