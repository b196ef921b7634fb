import { describe, expect, test } from 'vitest';
import type { Command, Output } from '../../../src/effects/types.ts';
import { parseConnection, readSessions, type Connection, type Sessions } from '../../../src/live/sessions.ts';
import { formatAddress } from '../../../src/net/address.ts';
import { FakeClock, FakeFiles } from '../../support/fake-effects.ts';

const NO_TERMINAL = 0;
const PTS = (136 << 8) | 3;
const TTY1 = (4 << 8) | 1;

interface Process {
  readonly name: string;
  readonly env?: string;
  readonly terminal?: number;
  readonly network?: string;
  readonly title?: string;
}

/** `chain`: this process first, then the one above it, and so on; their numbers are 1000, 999, … */
class Fake {
  readonly files = new FakeFiles(new FakeClock());
  sockets: string | undefined;

  constructor(...chain: readonly Process[]) {
    chain.forEach((process, at) => this.put(1000 - at, process, at === chain.length - 1 ? 0 : 999 - at));
  }

  put(
    pid: number,
    { name, env = '', terminal = NO_TERMINAL, network = 'ours', title = name }: Process,
    parent = 1,
  ): void {
    for (const id of pid === 1000 ? ['self', '1000'] : [`${pid}`]) {
      this.files.put(`/proc/${id}/status`, `Name:\t${name}\nUmask:\t0022\nPid:\t${pid}\nPPid:\t${parent}\n`);
      this.files.put(`/proc/${id}/stat`, `${pid} (a ) b) S ${parent} 1 1 ${terminal} -1 0\n`);
      this.files.put(`/proc/${id}/environ`, `PATH=/bin\0${env}\0LANG=C\0`);
      this.files.put(`/proc/${id}/cmdline`, title);
      this.#networks.set(`/proc/${id}/ns/net`, network);
    }
  }

  read(ssh?: Connection): Promise<Sessions> {
    const stamp = (path: string) => {
      const network = this.#networks.get(path);
      const inode = BigInt(network?.length ?? 0);
      return Promise.resolve(
        network === undefined ? undefined : { device: 4n, inode, size: 0n, modified: 0n, changed: 0n },
      );
    };
    return readSessions(
      { files: Object.assign(Object.create(this.files) as FakeFiles, { stamp }), exec: this.#exec },
      ssh,
    );
  }

  async shown(ssh?: Connection): Promise<string[]> {
    const { all } = await this.read(ssh);
    return all.map(({ client, port, own }) => `${formatAddress(client)} ${port}${own ? ' own' : ''}`);
  }

  readonly #networks = new Map<string, string>();
  readonly #exec = ({ file }: Command): Promise<Output> => {
    const missing = file !== 'ss' || this.sockets === undefined;
    const stdout = Buffer.from(this.sockets ?? '');
    return Promise.resolve({ outcome: missing ? 'missing' : 'exited', code: missing ? -1 : 0, stdout, stderr: '' });
  };
}

/** As `ss -H -n -p -t state established state listening` of iproute2 6.1 prints them. */
const LISTENING = 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=500,fd=3))';
const session = (peer: string, pid: number, local = '198.51.100.10:22', name = 'sshd'): string =>
  `ESTAB 0 0 ${local} ${peer} users:(("${name}",pid=${pid},fd=4),("${name}",pid=${pid - 1},fd=4))`;
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');

const SHELL: Process = { name: 'bash', terminal: PTS };
const SUDO: Process = { name: 'sudo', terminal: PTS, env: 'SSH_CONNECTION=203.0.113.7 50022 198.51.100.10 2222' };

describe('what SSH_CONNECTION says', () => {
  test.each<[string | undefined, string | undefined]>([
    ['203.0.113.7 50022 198.51.100.10 2222', '203.0.113.7 50022 2222'],
    ['203.0.113.7 50022 2222', '203.0.113.7 50022 2222'],
    ['::ffff:203.0.113.7 50022 ::ffff:198.51.100.10 22', '203.0.113.7 50022 22'],
    ['fe80::1%eth0 50022 fe80::2%eth0 22', 'fe80::1 50022 22'],
    ['203.0.113.7', '203.0.113.7 undefined 22'],
    ['', undefined],
    [undefined, undefined],
  ])('%j: %s', (text, expected) => {
    const read = parseConnection(text);
    expect(read && `${read.client} ${read.clientPort} ${read.port}`).toBe(expected);
  });
});

describe('the own session', () => {
  test('is the one that our environment names', async () => {
    const ssh = { client: '203.0.113.7', clientPort: 50_022, port: 22 };
    expect(await new Fake({ name: 'node' }).shown(ssh)).toEqual(['203.0.113.7 22 own']);
  });

  test('is that of an ancestor, where sudo took it from our environment', async () => {
    expect(await new Fake({ name: 'node' }, SUDO, SHELL).shown()).toEqual(['203.0.113.7 2222 own']);
    expect(
      await new Fake({ name: 'node' }, { name: 'sudo' }, { ...SUDO, env: 'SSH_CLIENT=203.0.113.7 50022 2222' }).shown(),
    ).toEqual(['203.0.113.7 2222 own']);
  });

  test('is that of the sshd that we come from, whatever environments say', async () => {
    const fake = new Fake({ name: 'node' }, SHELL, { name: 'sshd' }, { name: 'sshd' });
    fake.sockets = lines(LISTENING, session('203.0.113.7:50022', 998), session('[2001:db8::9]:50022', 777));
    expect(await fake.shown()).toEqual(['203.0.113.7 22 own', '2001:db8::9 22']);
  });

  test('is named once where both are there', async () => {
    const fake = new Fake({ name: 'node' }, SHELL);
    fake.sockets = lines(LISTENING, session('203.0.113.7:50022', 700), session('203.0.113.7:50023', 710));
    const ssh = { client: '203.0.113.7', clientPort: 50_022, port: 22 };
    expect(await fake.shown(ssh)).toEqual(['203.0.113.7 22 own', '203.0.113.7 22']);
  });

  test('is not that of a process in another network, nor what is above it', async () => {
    const fake = new Fake({ name: 'node' }, { ...SUDO, network: 'another' }, { ...SUDO });
    expect(await fake.shown()).toEqual([]);
  });

  test('an address that is none is nobody’s', async () => {
    expect(await new Fake({ name: 'node' }).shown({ client: 'UNKNOWN', port: 22 })).toEqual([]);
  });
});

describe('sessions of all', () => {
  test.each<[string, string[], string[]]>([
    [
      'at sshd’s port, whatever it is',
      ['LISTEN 0 128 *:2222 *:* users:(("sshd",pid=500,fd=3))', session('203.0.113.7:1024', 700, '198.51.100.10:2222')],
      ['203.0.113.7 2222'],
    ],
    [
      'mapped into IPv6, or of a link',
      [
        LISTENING,
        session('[::ffff:203.0.113.7]:50022', 700),
        session('[fe80::7]%eth0:50022', 710, '[fe80::1]%eth0:22'),
      ],
      ['203.0.113.7 22', 'fe80::7 22'],
    ],
    [
      'of newer versions, and of dropbear',
      [
        session('203.0.113.7:50022', 700, '198.51.100.10:22', 'sshd-session'),
        session('203.0.113.8:50022', 710, '198.51.100.10:22', 'dropbear'),
      ],
      ['203.0.113.7 22', '203.0.113.8 22'],
    ],
    ['whose listener has gone', [session('203.0.113.7:50022', 700)], ['203.0.113.7 22']],
    [
      'but not what sshd opened for a forwarded port',
      [LISTENING, session('192.0.2.80:443', 700, '198.51.100.10:50001')],
      [],
    ],
    [
      'but not to a port that a session forwards',
      [
        LISTENING,
        session('203.0.113.7:50022', 700),
        'LISTEN 0 128 0.0.0.0:50080 0.0.0.0:* users:(("sshd",pid=700,fd=9))',
        session('192.0.2.80:40001', 700, '198.51.100.10:50080'),
      ],
      ['203.0.113.7 22'],
    ],
    [
      'but not another program’s at port 22',
      [
        'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("gitea",pid=500,fd=3))',
        session('203.0.113.7:50022', 700, '198.51.100.10:22', 'gitea'),
      ],
      [],
    ],
    [
      'at port 22 where owners can’t be seen',
      [
        'LISTEN 0 128 0.0.0.0:22 0.0.0.0:*',
        'ESTAB 0 0 198.51.100.10:22 203.0.113.7:50022',
        'ESTAB 0 0 198.51.100.10:443 203.0.113.8:50022',
      ],
      ['203.0.113.7 22'],
    ],
    ['but not one that nobody has taken yet', [LISTENING, 'ESTAB 0 0 198.51.100.10:22 203.0.113.7:50022'], []],
  ])('%s', async (_name, sockets, expected) => {
    const fake = new Fake({ name: 'node' });
    fake.sockets = lines(...sockets);
    expect(await fake.shown()).toEqual(expected);
  });

  test.each(['sshd: root [net]', 'sshd: [accepted]', 'sshd: unknown [net]'])(
    'not who only knocks: %s',
    async (title) => {
      const fake = new Fake({ name: 'node' });
      fake.sockets = lines(LISTENING, session('203.0.113.7:50022', 700), session('203.0.113.8:50022', 710));
      fake.put(700, { name: 'sshd', title });
      fake.put(710, { name: 'sshd', title: 'sshd: alice [priv]' });
      fake.put(709, { name: 'sshd', title: 'sshd: alice@pts/0' });
      expect(await fake.shown()).toEqual(['203.0.113.8 22']);
    },
  );
});

describe('where the person is who types', () => {
  const doubt = async (...chain: Process[]): Promise<unknown> => (await new Fake(...chain).read()).doubt;
  const NODE: Process = { name: 'node', terminal: PTS };

  test.each<[string, Process[], unknown]>([
    ['in an SSH session', [NODE, SHELL, SUDO], undefined],
    [
      'at the machine’s own console',
      [
        { name: 'node', terminal: TTY1 },
        { name: 'bash', terminal: TTY1 },
      ],
      undefined,
    ],
    ['at the console, behind a sudo that makes a terminal', [NODE, { name: 'sudo', terminal: TTY1 }], undefined],
    ['nowhere: a timer', [{ name: 'node' }, { name: 'systemd' }], undefined],
    ['in a terminal of unknown origin', [NODE, SHELL, { name: 'ttyd' }], { kind: 'terminal' }],
    ['below an sshd that can’t be seen', [{ name: 'node' }, { name: 'sshd' }], { kind: 'terminal' }],
    [
      'in tmux, at the console even',
      [NODE, SHELL, { name: 'tmux: server', terminal: TTY1 }],
      { kind: 'keeper', name: 'tmux' },
    ],
    ['in screen', [NODE, SHELL, { name: 'SCREEN' }], { kind: 'keeper', name: 'screen' }],
    ['behind mosh', [NODE, SHELL, { name: 'mosh-server' }], { kind: 'keeper', name: 'mosh-server' }],
    ['in what only sounds like it', [NODE, SHELL, { name: 'screenfetch' }], { kind: 'terminal' }],
  ])('%s', async (_name, chain, expected) => {
    expect(await doubt(...chain)).toEqual(expected);
  });

  test('tmux knows of a session that ended long ago: it counts for nothing', async () => {
    const fake = new Fake({ ...NODE, env: SUDO.env ?? '' }, SHELL, { name: 'tmux: server', env: SUDO.env ?? '' });
    fake.sockets = lines(LISTENING, session('203.0.113.99:50022', 700));
    expect(await fake.shown()).toEqual(['203.0.113.99 22']);
    expect((await fake.read()).doubt).toEqual({ kind: 'keeper', name: 'tmux' });
    fake.sockets = lines(session('203.0.113.7:50022', 700, '198.51.100.10:2222'));
    expect(await fake.shown()).toEqual(['203.0.113.7 2222 own']);
    expect((await fake.read()).doubt).toBeUndefined();
    fake.sockets = undefined;
    expect(await fake.shown()).toEqual(['203.0.113.7 2222 own']);
  });
});
