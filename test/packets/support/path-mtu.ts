import { must } from '../../../lab/command.ts';
import type { World } from '../../../lab/world.ts';

/** `host`, or a container's name. */
async function ip(world: World, who: string, args: readonly string[]): Promise<string> {
  const enter = who === 'host' ? world.enter('host') : await world.engine.enterContainer(who);
  return must([...enter, 'ip', ...args]);
}

const FAMILIES = ['-4', '-6'] as const;

/** Makes the kernel forget what it learnt of paths: the next large packet finds the small hop by itself. */
export async function forgetPathMtu(world: World, senders: readonly string[]): Promise<void> {
  for (const who of senders) for (const family of FAMILIES) await ip(world, who, [family, 'route', 'flush', 'cache']);
}

/** The path MTUs that a sender was told of by ICMP and still knows. */
export async function knownPathMtu(world: World, who: string): Promise<number[]> {
  const tables = await Promise.all(FAMILIES.map((family) => ip(world, who, [family, 'route', 'show', 'cache'])));
  return [...tables.join('').matchAll(/\bmtu (?:lock )?(\d+)/g)].map(([, mtu]) => Number(mtu));
}
