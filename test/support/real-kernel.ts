import { makeExec } from '../../src/effects/exec.ts';
import type { Exec } from '../../src/effects/types.ts';
import { addNamespaces, enterNetns, PREFIX } from '../../lab/netns.ts';
import { type Claim, claim, reclaim } from '../../lab/reclaim.ts';

export const VARIANTS = ['nft', 'legacy'] as const;
export type Variant = (typeof VARIANTS)[number];

/** A real kernel's netfilter, in network namespaces of its own, by real ipset and one of the two variants of iptables. */
export class RealKernel {
  readonly #claim: Claim = claim();
  readonly #variant: Variant;
  #count = 0;
  #namespace = '';

  constructor(variant: Variant) {
    this.#variant = variant;
  }

  /** From now on everything happens in a namespace that nobody has used. */
  async fresh(): Promise<void> {
    this.#namespace = `${PREFIX}${this.#claim.id}-gold${this.#count++}`;
    await addNamespaces([this.#namespace]);
  }

  remove(): void {
    reclaim(this.#claim);
  }

  readonly exec: Exec = ({ file, args, ...rest }) => {
    const [nsenter = '', ...enter] = enterNetns(this.#namespace);
    const tool = file.replace(/^(ip6?tables)/, `$1-${this.#variant}`);
    return EXEC({ file: nsenter, args: [...enter, tool, ...args], ...rest });
  };
}

const EXEC = makeExec(process.env);
