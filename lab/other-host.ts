import { join } from 'node:path';
import type { NodeName } from './addresses.ts';
import { AgentClient } from './client.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { startMachine } from './machine.ts';
import { PREFIX } from './netns.ts';
import type { World } from './world.ts';

/** Makes another node of a world a machine with a Docker Engine of its own, which runs when this resolves. */
export async function startOtherHost(world: World, node: NodeName, options: EngineOptions = {}): Promise<Engine> {
  const machine = await startMachine(world.netns(node), join(world.dir, `mounts-${node}`));
  const engine = new Engine(machine, join(world.dir, `docker-${node}`), `${PREFIX}${world.id}/${node}`, options);
  await engine.start();
  return engine;
}

/** A probe agent in the network of a container of any engine. It ends with the world, or with `close`. */
export const agentIn = async (world: World, engine: Engine, container: string): Promise<AgentClient> =>
  new AgentClient(await engine.enterContainer(container), world.programs.agent);
