// What the kernel's tools print, whatever is wrong with it: a failure or a change of what is ours, and of nothing else.
import * as fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { apply } from '../../../src/cli/commands/apply.ts';
import { down } from '../../../src/cli/commands/down.ts';
import { plan } from '../../../src/cli/commands/plan.ts';
import { status } from '../../../src/cli/commands/status.ts';
import { createSet } from '../../../src/ipset/create.ts';
import { parseSets } from '../../../src/ipset/save.ts';
import { diffTable, renderChange } from '../../../src/iptables/change.ts';
import { ownPart, parseSave } from '../../../src/iptables/save.ts';
import { parseFlows } from '../../../src/live/flows.ts';
import { readLinks } from '../../../src/live/links.ts';
import { parseSockets } from '../../../src/live/listeners.ts';
import { Failure } from '../../../src/effects/failure.ts';
import { specOf } from '../../../src/plan/restore.ts';
import { ownsChain, ownsSet } from '../../../src/ruleset/ownership.ts';
import { PACKETS, verdicts } from '../../support/changing.ts';
import { CONFIG, FakeMachine } from '../../support/fake-machine.ts';
import { foreignText } from '../../support/foreign.ts';
import { garbageArb } from '../../support/garbage.ts';
import { damageArb, damaged, oddityArb, type Damage } from '../../support/mutate.ts';
import { patient, runs } from '../../support/runs.ts';
import { copyOf, settleOthers, strayLines, tryOn, watchLines, YES } from '../../support/trial.ts';
import { joined } from '../../support/values.ts';

const CORPUS = 'test/corpus/docker-rules';
const saves = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('tables-save'))
  .map((path) => readFileSync(join(CORPUS, path), 'utf8'));

const CONFIGS = [
  'version: 1\ntrusted: [203.0.113.0/31, "2001:db8:1::/125"]\npublic: [22/tcp]\n',
  'version: 1\ntrusted: [203.0.113.4]\nblock: [203.0.113.1]\npublic: [443/tcp, 22/tcp]\nlog: limited\n',
];

let machine: FakeMachine;
let printed: { rules: readonly string[]; sets: string };
beforeAll(async () => {
  machine = new FakeMachine(CONFIGS[0]);
  settleOthers(machine);
  machine.flows = [
    'tcp      6 431999 ESTABLISHED src=203.0.113.0 dst=198.51.100.10 sport=40000 dport=80 src=198.51.100.10 dst=203.0.113.0 sport=80 dport=40000 [ASSURED] mark=0 use=1',
    'udp      17 20 src=2001:db8:1::1 dst=2001:db8:51::10 sport=5000 dport=53 src=2001:db8:51::10 dst=2001:db8:1::1 sport=53 dport=5000 mark=0 use=1',
  ];
  await machine.run(apply, [], YES);
  machine.files.put(CONFIG, CONFIGS[1] ?? '');
  const { tables, sets } = machine.kernel;
  printed = { rules: [4, 6].map((family) => tables[family === 4 ? 4 : 6].save({ counters: true })), sets: sets.save() };
});

const families = fc.constantFrom<4 | 6>(4, 6);
const spoilt = (pick: () => string): fc.Arbitrary<string> => damageArb.map((damage) => damage(pick()).toString());

test('rules: what is not ours is never taken for ours, and no line of a change is anybody else’s', patient, () => {
  const ours = families.chain((family) => spoilt(() => printed.rules[family === 4 ? 0 : 1] ?? ''));
  const texts = fc.oneof(ours, damaged(fc.constantFrom(...saves)), damaged(families.chain(garbageArb)));
  fc.assert(
    fc.property(texts, families, (text, family) => {
      const own = ownPart(parseSave(text), family);
      expect([...own.chains.keys()].every(ownsChain)).toBe(true);
      for (const { text: rule } of own.hooks) expect(rule).toContain('SEAWALL-');
      const change = diffTable({ family, sets: [], chains: [], hooks: [] }, own);
      const lines = change ? renderChange(change).split('\n').filter(Boolean) : [];
      // What was printed wrongly may be asked to go in vain; never is it a rule or chain without our name in it.
      for (const line of lines)
        expect(line).toMatch(/^(\*mangle|COMMIT|(:|-X )SEAWALL-.*|-D [A-Z]+ .*-[jg] "?SEAWALL-.*)$/s);
    }),
    runs(600),
  );
});

test('sets: what is read can be written again, and is ours by name', patient, () => {
  fc.assert(
    fc.property(damageArb, (damage) => {
      const read = parseSets(damage(printed.sets));
      for (const [name, set] of read) {
        expect(ownsSet(name)).toBe(true);
        const spec = specOf(name, set);
        if (spec && set.kind === 'net') expect(parseSets(Buffer.from(joined(createSet(spec)))).get(name)).toEqual(set);
      }
    }),
    runs(500),
  );
});

const LINES = `tcp      6 431999 ESTABLISHED src=192.0.2.7 dst=198.51.100.10 sport=40000 dport=22 src=198.51.100.10 dst=192.0.2.7 sport=22 dport=40000 [ASSURED] mark=0 use=1
udp      17 20 src=2001:db8::7 dst=2001:db8:51::10 sport=5000 dport=53 src=2001:db8:51::10 dst=2001:db8::7 sport=53 dport=5000 mark=0 use=1
`;
const SOCKETS = `tcp   LISTEN 0      4096          0.0.0.0:8080      0.0.0.0:*    users:(("docker-proxy",pid=7,fd=4))
udp   UNCONN 0      0       127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=5,fd=13))
tcp   LISTEN 0      128              [::]:22           [::]:*    users:(("sshd",pid=9,fd=4))
`;

test('connections and sockets: ports are ports, and both ends of a connection are of one IP version', patient, () => {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;
  fc.assert(
    fc.property(damageArb, (damage) => {
      for (const flow of parseFlows(damage(LINES).toString())) {
        expect([flow.sourcePort, flow.port, flow.serverPort].every(isPort)).toBe(true);
        expect(flow.source.family).toBe(flow.destination.family);
      }
      for (const { port } of parseSockets(damage(SOCKETS).toString())) expect(isPort(port)).toBe(true);
    }),
    runs(500),
  );
});

const IP = {
  address: [
    { ifname: 'lo', addr_info: [{ local: '127.0.0.1', prefixlen: 8 }] },
    {
      ifname: 'eth0',
      addr_info: [
        { local: '198.51.100.10', prefixlen: 24 },
        { local: '2001:db8:51::10', prefixlen: 64 },
      ],
    },
    {},
    { ifname: 'docker0', linkinfo: { info_kind: 'bridge' }, addr_info: [{ local: '172.17.0.1', prefixlen: 16 }] },
  ],
  route: [
    { dst: 'default', dev: 'eth0' },
    { dst: 'default', nexthops: [{ dev: 'eth1' }] },
  ],
};

test('interfaces: a failure, or names that a rule can hold', patient, async () => {
  const texts = (value: unknown): fc.Arbitrary<string> =>
    fc.oneof(
      oddityArb.map((odd) => JSON.stringify(odd(value)) ?? ''),
      damaged(fc.constant(JSON.stringify(value))),
    );
  await fc.assert(
    fc.asyncProperty(texts(IP.address), texts(IP.route), async (addresses, routes) => {
      const exec = ({ args }: { args: readonly string[] }) =>
        Promise.resolve({
          outcome: 'exited' as const,
          code: 0,
          stdout: Buffer.from(args.includes('address') ? addresses : routes),
          stderr: '',
        });
      const links = await readLinks({ exec }).catch((error: unknown) => {
        if (error instanceof Failure) return [];
        throw error;
      });
      for (const { name, subnets } of links) {
        expect(name).toMatch(/^[!#$%&(),\-.0-9;<=>?@A-Z[\]^_`a-z{|}~]{1,15}$/);
        for (const { family, length } of subnets) expect(length >= 0 && length <= (family === 4 ? 32 : 128)).toBe(true);
      }
    }),
    runs(500),
  );
});

const READERS = ['iptables-save', 'ip6tables-save', 'ipset', 'ip', 'conntrack', 'ss'] as const;

interface Spoilt {
  readonly mend: () => void;
  /** What the tools have printed since. */
  readonly said: readonly string[];
}

/** From now on, what these tools print is not what they should. */
function spoil({ kernel }: FakeMachine, files: readonly string[], damage: Damage, code: number): Spoilt {
  const { exec } = kernel;
  const said: string[] = [];
  const misprint: typeof exec = async (command) => {
    const output = await exec(command);
    const reads = !command.args.includes('restore') && !command.args.includes('-exist');
    if (!files.includes(command.file) || !reads || output.outcome !== 'exited') return output;
    const stdout = damage(output.stdout);
    said.push(stdout.toString());
    return { ...output, code: output.code === 0 ? code : output.code, stdout };
  };
  Object.assign(kernel, { exec: misprint });
  return { mend: () => void Object.assign(kernel, { exec }), said };
}

/** From whom nothing may pass, whatever anybody says of the rest: strangers on the uplink, to a closed port. */
const STRANGE = PACKETS.map(
  ({ source, state, link, protocol, port, out, to }) =>
    [0xc633644dn, 0x20010db8007700000000000000000001n].includes(source.value) &&
    state === 'NEW' &&
    link === 'eth0' &&
    (to === 'LOCAL' || out === 'docker0') &&
    (protocol === 'tcp' || protocol === 'udp') &&
    port === 80,
);

test(
  'whatever a tool prints, others keep what is theirs, and once it is right again all is mended',
  patient,
  async () => {
    expect(STRANGE.filter(Boolean).length).toBeGreaterThan(3);
    const tools = fc.subarray([...READERS], { minLength: 1, maxLength: 2 });
    const codes = fc.constantFrom(0, 0, 0, 1);
    const commands = fc.constantFrom(plan, status, apply, down);
    await fc.assert(
      fc.asyncProperty(tools, damageArb, codes, commands, async (files, damage, failing, command) => {
        const copy = copyOf(machine);
        const [others, before] = [foreignText(copy.kernel), copy.kernel.text()];
        const { mend, said } = spoil(copy, files, damage, failing);
        const lines = watchLines(copy);
        await tryOn(copy, command, [], YES);
        if (command === plan || command === status) expect(copy.kernel.text()).toBe(before);
        expect(foreignText(copy.kernel)).toBe(others);
        // A rule of ours that was printed wrongly goes in vain, and comes back in vain where a change is undone, so that
        // text may be anything; whatever else is written may not.
        const vain = (line: string): boolean =>
          line.startsWith('-D ') || (line.startsWith('-A SEAWALL-') && said.some((text) => text.includes(line)));
        expect(strayLines(lines.filter((line) => !vain(line)))).toEqual([]);
        if (command !== down)
          expect(verdicts(copy.kernel).filter((verdict, at) => STRANGE[at] && verdict === 'pass')).toEqual([]);
        mend();
        expect((await tryOn(copy, apply, [], YES)).code).toBe(0);
        expect((await tryOn(copy, status)).code).toBe(0);
        expect(foreignText(copy.kernel)).toBe(others);
      }),
      runs(120, 0.2),
    );
  },
);
