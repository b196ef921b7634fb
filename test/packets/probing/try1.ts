import { createWorld } from '../../../lab/world.ts';
import { populate } from '../../../lab/populate.ts';
import { Meter } from './meter.ts';
import { startStrangers, startFriends, SERVICES, OPEN } from './floods.ts';
import { setTimeout as sleep } from 'node:timers/promises';
const t0 = performance.now();
const lap = (s: string) => console.log(((performance.now() - t0) / 1000).toFixed(2), s);
const world = await createWorld();
lap('world');
try {
  await populate(world);
  lap('populated');
  const meter = await Meter.start(world);
  {
    const s = await startStrangers(world, SERVICES);
    await sleep(1000);
    console.log(await s.stop(), await meter.read());
  }
  await world.writeConfig(
    'version: 1\ntrusted: ["203.0.113.7","198.18.64.0/20","2001:db8:a::7","2001:db8:b00::/40"]\npublic: [22/tcp, 500/udp]\n',
  );
  const r = await world.seawall(['apply', '--yes']);
  console.log(r);
  lap('applied');
  await meter.reset();
  const s = await startStrangers(world, SERVICES);
  const o = await startStrangers(world, OPEN, { parallel: 2, rate: 20 });
  const f = await startFriends(world);
  lap('floods');
  for (let i = 0; i < 5; i++) {
    const t = performance.now();
    const r = await world.seawall(['apply', '--yes']);
    console.log(r.code, r.stderr.trim(), performance.now() - t);
  }
  await sleep(2000);
  console.log(await s.stop());
  console.log(await o.stop());
  console.log(await f.stop());
  console.log(await meter.read());
  lap('end');
} finally {
  await world.remove();
}
