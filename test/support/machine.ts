import { readConfig } from '../../src/config/read.ts';
import type { Config } from '../../src/config/model.ts';
import { readKernel } from '../../src/live/kernel.ts';
import type { LiveState } from '../../src/plan/live-state.ts';
import type { DockerFacts, DockerNetwork, Facts, Link } from '../../src/policy/facts.ts';
import { makePolicy, type Policy } from '../../src/policy/policy.ts';
import { applyTo } from './changing.ts';
import { FakeKernel } from './fake-kernel.ts';
import { address, prefix, prefixes, subnetOf } from './values.ts';

/** A link with addresses like `192.0.2.1/24`. */
export const link = (name: string, more: Partial<Link> & { own?: readonly string[] } = {}): Link => {
  const { own = [], ...rest } = more;
  return {
    name,
    kind: undefined,
    master: undefined,
    uplink: false,
    addresses: own.map((text) => address(text.replace(/\/\d+$/, ''))),
    subnets: own.map(subnetOf),
    ...rest,
  };
};

export const network = (name: string, bridge: string | undefined, ...subnets: readonly string[]): DockerNetwork => ({
  name,
  driver: bridge === undefined ? 'macvlan' : 'bridge',
  bridge,
  subnets: subnets.map(prefix),
});

export const docker = (more: Partial<DockerFacts> = {}): DockerFacts => ({
  seen: 'live',
  version: '28.5.2',
  networks: [network('bridge', 'docker0', '172.17.0.0/16')],
  nodes: [],
  swarm: false,
  ...more,
});

/** One uplink, Docker's default bridge, both IP versions. */
export const LINKS: readonly Link[] = [
  link('lo', { own: ['127.0.0.1/8', '::1/128'] }),
  link('eth0', { uplink: true, own: ['198.51.100.10/24', '2001:db8:51::10/64'] }),
  link('docker0', { kind: 'bridge', own: ['172.17.0.1/16'] }),
];

export const facts = (more: Partial<Facts> = {}): Facts => ({
  links: LINKS,
  docker: docker(),
  names: new Map(),
  lists: new Map(),
  ...more,
});

export const list = (...texts: readonly string[]) => ({ v4: prefixes(4, ...texts), v6: prefixes(6, ...texts) });

/** A config from the text behind `version: 1`; the test fails if it isn't right. */
export function config(text: string): Config {
  const { config: read, problems } = readConfig(`version: 1\n${text}\n`);
  if (!read) throw new Error(problems.map(({ message }) => message).join('\n'));
  return read;
}

export const policy = (text: string, more: Partial<Facts> = {}): Policy => makePolicy(config(text), facts(more));

/** What stands in a kernel in which the policy was applied. */
export async function standing(applied: Policy): Promise<LiveState> {
  const kernel = new FakeKernel();
  await applyTo(kernel, applied);
  return readKernel(kernel, 'whole');
}

/** What stands where Seawall never was. */
export const nothingStanding = (): Promise<LiveState> => readKernel(new FakeKernel(), 'whole');
