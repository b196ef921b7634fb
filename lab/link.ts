import { setTimeout as sleep } from 'node:timers/promises';
import { must } from './command.ts';

/** One end of a cable: an interface in a namespace. */
export interface LinkEnd {
  readonly netns: string;
  readonly name: string;
}

/** Lays veth pairs between namespaces. Neither end is ever seen in the machine's own namespace. */
export async function addLinks(pairs: readonly (readonly [LinkEnd, LinkEnd])[]): Promise<void> {
  const lines = pairs.map(
    ([a, b]) => `link add ${a.name} netns ${a.netns} type veth peer name ${b.name} netns ${b.netns}\n`,
  );
  await must(['ip', '-batch', '-'], { input: lines.join('') });
}

/** Runs lines of `ip` inside a namespace: `addr add 198.51.100.10/24 dev eth0`, … */
export async function configure(netns: string, lines: readonly string[]): Promise<void> {
  await must(['ip', '-n', netns, '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
}

/** `ip` lines that add addresses without waiting for duplicate address detection. */
export function addressLines(device: string, addresses: readonly string[]): string[] {
  return addresses.map((a) => `addr add ${a} dev ${device}${a.includes(':') ? ' nodad' : ''}`);
}

/**
 * Waits until every link of a namespace carries packets. The kernel tells a veth that its other end is up with up to
 * a second's delay, and until then drops what is sent.
 */
export async function linksUp(netns: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const links = await must(['ip', '-n', netns, '-o', 'link', 'show']);
    // Docker's bridges are down as long as no container is on them.
    if (!/^\d+: (?!docker|br-).*state (DOWN|LOWERLAYERDOWN)/m.test(links)) return;
    await sleep(30);
  }
  throw new Error(`the links of ${netns} did not come up`);
}
