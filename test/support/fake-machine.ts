import type { Call, Command, CommandInfo, Context, ExitCode } from '../../src/cli/command.ts';
import type { Effects } from '../../src/effects/types.ts';
import { parseAddress, type Address } from '../../src/net/address.ts';
import { parsePrefix, prefixContains } from '../../src/net/prefix.ts';
import { FakeClock, fakeDocker, FakeFiles } from './fake-effects.ts';
import { FakeKernel } from './fake-kernel.ts';
import { FakeUndo } from './fake-undo.ts';

export const CONFIG = '/etc/seawall/seawall.yaml';
export const STATE = '/var/lib/seawall';

const IP_ADDRESSES = [
  {
    ifname: 'lo',
    addr_info: [
      { local: '127.0.0.1', prefixlen: 8 },
      { local: '::1', prefixlen: 128 },
    ],
  },
  {
    ifname: 'eth0',
    addr_info: [
      { local: '198.51.100.10', prefixlen: 24 },
      { local: '2001:db8:51::10', prefixlen: 64 },
    ],
  },
  { ifname: 'docker0', linkinfo: { info_kind: 'bridge' }, addr_info: [{ local: '172.17.0.1', prefixlen: 16 }] },
];

const DOCKER = {
  '/networks': [
    {
      Name: 'bridge',
      Id: '0123456789abcdef',
      Driver: 'bridge',
      Options: { 'com.docker.network.bridge.name': 'docker0' },
      IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] },
    },
  ],
  '/info': { ServerVersion: '28.5.2', Swarm: { LocalNodeState: 'inactive' } },
  '/containers/json': [],
};

/** What a command wrote, and how it ended. */
export interface Ended {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** A whole machine in memory: kernel, files, Docker, a terminal. Commands run on it as they do on a real one. */
export class FakeMachine {
  readonly kernel = new FakeKernel();
  readonly clock = new FakeClock();
  readonly files = new FakeFiles(this.clock);
  readonly names = new Map<string, readonly Address[]>();
  docker: Readonly<Record<string, unknown>> = DOCKER;
  /** Lines of conntrack -L. */
  flows: readonly string[] = [];
  /** Commands that were run, but for those that only read. */
  readonly changes: string[] = [];
  /** Undefined: there is no terminal. */
  answer: boolean | undefined;
  ssh: Context['ssh'];
  /** What stands between the commands and the machine. */
  wrap: (effects: Effects) => Effects = (effects) => effects;
  /** The boot script, and the guard that it leaves behind. */
  readonly undo = new FakeUndo(this.kernel, this.files, STATE);

  constructor(config?: string) {
    this.kernel.others.set('sh', ({ args }) => this.undo.run(args));
    this.files.put('/proc/sys/kernel/random/boot_id', 'c0ffee00-0000-4000-8000-000000000001\n');
    this.#tick(1000);
    this.files.put('/proc/self/status', 'Name:\tnode\nCapEff:\t000001ffffffffff\n');
    if (config !== undefined) this.files.put(CONFIG, config);
    this.kernel.others.set('ip', ({ args }) => JSON.stringify(this.#ip(args)));
    this.kernel.others.set('conntrack', ({ args }) => {
      if (args[0] === '-D') this.#forget(args);
      const wanted = args.includes('ipv6') ? ':' : '.';
      return args[0] === '-L' ? this.flows.filter((line) => line.includes(wanted)).join('\n') : '';
    });
    this.kernel.onMoment = ({ tool, text }) => this.changes.push(`${tool} ${text.split('\n')[0]}`);
  }

  /** A machine of its own in the same state, but for a guard that waits on this one. */
  clone(): FakeMachine {
    const other = new FakeMachine();
    other.kernel.sets.copyFrom(this.kernel.sets);
    for (const family of [4, 6] as const) other.kernel.tables[family].copyFrom(this.kernel.tables[family]);
    other.files.copyFrom(this.files);
    other.undo.copyFrom(this.undo);
    other.clock.time = this.clock.time;
    return Object.assign(other, { docker: this.docker, flows: this.flows, answer: this.answer, ssh: this.ssh });
  }

  /** Time passes, and a guard whose deadline has come strikes. */
  async advance(seconds: number): Promise<void> {
    this.#tick(this.undo.now + seconds);
    this.clock.time += seconds * 1000;
    await this.undo.strike();
  }

  /** The connections that options of `conntrack -D` pick out are known no more. */
  #forget(args: readonly string[]): void {
    this.changes.push(`conntrack ${args.join(' ')}`);
    const option = (name: string): string | undefined => args[args.indexOf(name) + 1];
    const source = args.includes('--orig-src') ? parsePrefix(option('--orig-src') ?? '') : undefined;
    this.flows = this.flows.filter((line) => {
      const [, client = '', server, port] = /src=(\S+) dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? [];
      const address = parseAddress(client);
      const from = !source || (source.ok && address.ok && prefixContains(source.value, address.value));
      return !(from && server === option('--orig-dst') && port === option('--orig-port-dst'));
    });
  }

  #tick(uptime: number): void {
    this.files.put('/proc/uptime', `${uptime}.37 4711.11\n`);
  }

  async run(
    command: Command,
    words: readonly string[] = [],
    options: Readonly<Record<string, string | true>> = {},
  ): Promise<Ended> {
    const out: string[] = [];
    const err: string[] = [];
    const code = await command.run(this.#context(out, err, options['json'] === true), callOf(words, options));
    return { code, out: out.join(''), err: err.join('') };
  }

  get config(): string | undefined {
    return this.files.contents.get(CONFIG)?.toString();
  }

  #ip(args: readonly string[]): unknown {
    if (args.includes('address')) return IP_ADDRESSES;
    return args.includes('-4') ? [{ dst: 'default', gateway: '198.51.100.1', dev: 'eth0' }] : [];
  }

  #context(out: string[], err: string[], json: boolean): Context {
    const { answer } = this;
    const effects: Effects = {
      exec: this.kernel.exec,
      files: this.files,
      clock: this.clock,
      docker: fakeDocker(this.docker),
      names: { lookup: (name) => Promise.resolve(this.names.get(name) ?? []) },
      lock: { hold: (_path, work) => work() },
    };
    return {
      commands: () => Promise.resolve<CommandInfo[]>([]),
      effects: this.wrap(effects),
      configPath: CONFIG,
      stateDir: STATE,
      json,
      colours: PLAIN,
      print: (text) => void out.push(text),
      tell: json ? () => undefined : (text) => void err.push(text),
      ask:
        answer === undefined
          ? undefined
          : (question) => {
              err.push(`${question}\n`);
              return Promise.resolve(answer);
            },
      who: 'root',
      ssh: this.ssh,
    };
  }
}

const same = (text: string): string => text;
export const PLAIN = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const callOf = (words: readonly string[], options: Readonly<Record<string, string | true>>): Call => ({
  words,
  flag: (name) => options[name] === true,
  value: (name) => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  },
});
