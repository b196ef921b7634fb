import { HOST } from '../lab/addresses.ts';
import type { World } from '../lab/world.ts';
import type { Colours } from '../src/report/colours.ts';
import { TALKER_PORT, VISITORS } from './rows.ts';

/** The drawing of who is who. */
export async function whoIsWho(world: World, { bold, dim }: Colours): Promise<string[]> {
  const { Version } = await world.engine.api.call<{ Version: string }>('GET', '/version');
  const ends = ['─┐', '─┼──', '─┘'];
  const clients = VISITORS.map(({ name, v4, v6 }, i) => {
    const text = `  ${bold(name.padEnd(11))}${v4.padEnd(14)}${v6.padEnd(18)}${dim(ends[i] ?? '')}`;
    return i === 1 ? `${text} ${bold('host')}  ${HOST.v4}, ${HOST.v6}` : text;
  });
  const lines = [
    ['host', `programs on 22 (ssh), 9100, ${TALKER_PORT} (a log that flows by itself); Docker ${Version}`],
    ['docker0', 'container web   -p 8081:80 -p 5353:53/udp   IPv4 only: docker-proxy serves its IPv6'],
    ['shop-net', 'container shop  -p 8080:80                  listens on 9000 as well, unpublished'],
    ['', 'container db    -p 5432:5432                published by mistake'],
  ] as const;
  return [...clients, ...lines.map(([where, what]) => `  ${bold(where.padEnd(11))}${what}`)];
}
