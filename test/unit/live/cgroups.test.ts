import { expect, test } from 'vitest';
import { containerIn, withCgroups } from '../../../src/live/cgroups.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';

const ID = '0123456789abcdef'.repeat(4);
const line = (pid: number): string =>
  `tcp   LISTEN 0      128          0.0.0.0:7100      0.0.0.0:*    users:(("httpd",pid=${pid},fd=3))`;

test.each<[string, string, string | undefined]>([
  ['cgroups of version 1', `12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n`, ID],
  ['version 2, by systemd', `0::/system.slice/docker-${ID}.scope\n`, ID],
  ['in a cgroup of its own below', `0::/docker/${ID}/init\n`, ID],
  ['Podman', `0::/machine.slice/libpod-${ID}.scope/container\n`, ID],
  ['no container', '0::/system.slice/ssh.service\n', undefined],
  ['a longer name', `0::/x/${ID}ff\n`, undefined],
])('%s', async (_, cgroup, id) => {
  const files = new FakeFiles(new FakeClock());
  files.put('/proc/7/cgroup', cgroup);
  const text = await withCgroups({ files }, `${line(7)}\n${line(8)}\n`);
  expect(text.split('\n').map(containerIn)).toEqual([id, undefined, undefined]);
  // The rest stays as it was.
  expect(text.replaceAll(/ cgroup:\S+/g, '')).toBe(`${line(7)}\n${line(8)}\n`);
});

test('as ss --cgroup prints it itself', () => {
  expect(containerIn(`${line(7)} cgroup:/system.slice/docker-${ID}.scope`)).toBe(ID);
  expect(containerIn(`${line(7)} cgroup:/`)).toBeUndefined();
});
