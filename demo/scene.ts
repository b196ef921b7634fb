import { setTimeout as sleep } from 'node:timers/promises';
import { nodeBinds } from '../lab/populate.ts';
import { type World, createWorld } from '../lab/world.ts';
import { DATABASE, FAMILIES, ROWS, type Row, SHOP, SHOP_NETWORK, TALKER_PORT, dial } from './rows.ts';

/** The lab with everything in it that the table asks for, each answering. */
export async function buildScene(program: readonly string[]): Promise<World> {
  const world = await createWorld();
  try {
    await Promise.all([putSeawall(world, program), startContainers(world), serve(world)]);
    await allAnswer(world, reviver(world));
    return world;
  } catch (error) {
    await world.remove();
    throw error;
  }
}

/**
 * Makes `seawall` a command of the host, with the lab's folders for its config and state. An SSH session of whoever
 * runs the demo is none of this host's, so the guard against cutting it has nothing to say here.
 */
async function putSeawall(world: World, program: readonly string[]): Promise<void> {
  const run = `exec ${program.map(quoted).join(' ')}`;
  const places = `--config ${quoted(world.configFile)} --state-dir ${quoted(world.stateDir)}`;
  await world.shim(
    'seawall',
    `unset SSH_CONNECTION SSH_CLIENT
case "$1" in ''|help|-*) ${run} "$@" ;; esac
command=$1
shift
${run} "$command" ${places} "$@"`,
  );
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

async function startContainers(world: World): Promise<void> {
  const { containers } = world.engine;
  const common = { restart: 'always', binds: nodeBinds(world) } as const;
  const serving = (name: string, ...ports: string[]) => ({
    ...common,
    name,
    cmd: ['/lab/node', '/lab/service.mjs', name, ...ports],
  });
  await containers.createNetwork({ ...SHOP_NETWORK, ipv6: true });
  const onNetwork = { network: SHOP_NETWORK.name };
  // One after the other: of several at once an engine often leaves one whose IPv6 proxy never answers.
  for (const container of [
    { ...serving('web', 'tcp:80', 'udp:53'), publish: ['8081:80', '5353:53/udp'] },
    { ...serving('shop', 'tcp:80', 'tcp:9000'), ...onNetwork, addresses: SHOP, publish: ['8080:80'] },
    { ...serving('db', 'tcp:5432'), ...onNetwork, addresses: DATABASE, publish: ['5432:5432'] },
  ])
    await containers.run(container);
}

async function serve(world: World): Promise<void> {
  const [host, internet] = await Promise.all([world.agent('host'), world.agent('internet')]);
  await Promise.all([
    host.serveTcp({ name: 'ssh', port: 22 }),
    host.serveTcp({ name: 'metrics', port: 9100 }),
    internet.serveTcp({ name: 'internet', port: 80 }),
  ]);
  world.spawn('host', [process.execPath, '-e', TALKER]);
}

// Sends without being asked: a connection that is cut must not come back to life by what the server has to say.
const TALKER = `require('node:net').createServer((socket) => {
  const timer = setInterval(() => socket.write('.'), 50);
  socket.on('error', () => {}).on('close', () => clearInterval(timer));
}).listen(${TALKER_PORT}, '::')`;

const nobody = (): Promise<void> => Promise.resolve();

const REVIVE_MS = 8000;

/** Even alone an engine now and then starts a container whose IPv6 proxy never answers: it gets another one. */
function reviver(world: World): (silent: readonly Row[]) => Promise<void> {
  let next = performance.now() + REVIVE_MS;
  return async (silent) => {
    if (performance.now() < next) return;
    const names = new Set(silent.map(({ service }) => service).filter((name) => CONTAINERS.includes(name)));
    for (const name of names) await world.engine.containers.restart(name);
    next = performance.now() + REVIVE_MS;
  };
}

const CONTAINERS: readonly string[] = ['web', 'shop', 'db'];

/**
 * Waits until every row answers the host itself: a container starts before its program listens, and comes back a
 * little later than Docker does.
 */
export async function allAnswer(
  world: World,
  revive: (silent: readonly Row[]) => Promise<void> = nobody,
): Promise<void> {
  const host = await world.agent('host');
  const deadline = performance.now() + 60_000;
  let waiting = ROWS.flatMap((row) => FAMILIES.map((family) => ({ row, family })));
  for (;;) {
    const results = await host.probe(waiting.map(({ row, family }) => ({ ...dial(row, family), timeoutMs: 1500 })));
    waiting = waiting.filter(({ row }, i) => results[i]?.service !== row.service);
    if (waiting.length === 0) return;
    if (performance.now() > deadline) break;
    await revive(waiting.map(({ row }) => row));
    await sleep(30);
  }
  const names = waiting.map(({ row, family }) => `${row.port}/${row.protocol} on ${family}`).join(', ');
  throw new Error(`the lab did not come up: no answer on the host itself from ${names}`);
}
