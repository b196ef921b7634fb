import type { Effects } from '../effects/types.ts';
import type { Backend } from '../ruleset/backend.ts';

/** One thing that was looked at. `hint` is the way out, where there is one. */
export interface Finding {
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly hint?: string;
}

type Exec = Pick<Effects, 'exec'>;
type Files = Pick<Effects, 'files'>;

export const ok = (subject: string, text: string): Finding => ({ subject, level: 'ok', text });
const problem = (subject: string, text: string, hint: string): Finding => ({ subject, level: 'problem', text, hint });
export const warning = (subject: string, text: string, hint: string): Finding => ({
  subject,
  level: 'warning',
  text,
  hint,
});

/** Bits of the effective capabilities (capabilities(7)) that changing and matching packets takes. */
const NEEDED_CAPABILITIES = [
  [12n, 'NET_ADMIN'],
  [13n, 'NET_RAW'],
] as const;

export async function checkRights({ files }: Files): Promise<Finding> {
  const text = (await files.read('/proc/self/status'))?.toString() ?? '';
  const bits = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(text)?.[1] ?? '0'}`);
  const lacking = NEEDED_CAPABILITIES.filter(([bit]) => ((bits >> bit) & 1n) === 0n).map(([, name]) => name);
  if (lacking.length === 0) return ok('rights', 'may change the firewall');
  return problem('rights', `the capability ${lacking.join(' and ')} is missing`, 'run it as root');
}

type Tool = readonly [file: string, args: readonly string[], packageName: string, needed: boolean];

const OF_BACKEND: Readonly<Record<Backend, readonly Tool[]>> = {
  iptables: [
    ['iptables', ['--version'], 'iptables', true],
    ['ip6tables', ['--version'], 'iptables', true],
    ['ipset', ['--version'], 'ipset', true],
  ],
  nftables: [['nft', ['--version'], 'nftables', true]],
};

const TOOLS: readonly Tool[] = [
  ['ip', ['-Version'], 'iproute2', true],
  ['flock', ['--version'], 'util-linux', true],
  ['conntrack', ['--version'], 'conntrack', false],
];

export async function checkTools({ exec }: Exec, backend: Backend): Promise<Finding[]> {
  return Promise.all(
    [...OF_BACKEND[backend], ...TOOLS].map(async ([file, args, packageName, needed]) => {
      const output = await exec({ file, args });
      if (output.outcome === 'exited')
        return ok(file, (output.stdout.toString() || output.stderr).split('\n')[0]?.trim() ?? '');
      const hint = `install it: apt-get install ${packageName}`;
      if (needed) return problem(file, 'not installed', hint);
      return warning(file, 'not installed: connections of those who lose their right can’t be cut', hint);
    }),
  );
}

/** From this share of the limit on somebody should look. */
const NEARLY_FULL = 0.9;

/** A full table of connections drops every new one, those of the trusted too. The kernel counts for each namespace. */
export async function checkTracking({ files }: Files): Promise<Finding> {
  const [count = 0, limit = 0] = await Promise.all(
    ['count', 'max'].map(async (name) => {
      const text = await files.read(`/proc/sys/net/netfilter/nf_conntrack_${name}`);
      return Number(text?.toString() ?? 0);
    }),
  );
  const text = `${count} of ${limit} connections`;
  if (limit === 0 || count < limit * NEARLY_FULL) return ok('tracking', text);
  return problem(
    'tracking',
    `${text}: the table is ${count < limit ? 'nearly full' : 'full'}, and then every new connection is dropped, those of the trusted too`,
    'see who fills it (conntrack -L), or raise the limit: sysctl net.netfilter.nf_conntrack_max=…',
  );
}

export async function checkBoot({ exec }: Exec): Promise<Finding> {
  const output = await exec({ file: 'systemctl', args: ['is-enabled', 'seawall.service'] });
  if (output.outcome === 'missing')
    return warning(
      'boot',
      'there is no systemd here',
      'have your init run the load.sh of the state directory before the network is up',
    );
  if (output.stdout.toString().trim() === 'enabled') return ok('boot', 'seawall.service is enabled');
  return warning(
    'boot',
    'seawall.service is not enabled: after a reboot this machine is open until the next apply',
    'install packaging/systemd/seawall.service, then: systemctl enable seawall.service',
  );
}
