import { Failure } from '../effects/failure.ts';
import type { Command, Effects, Output } from '../effects/types.ts';

/** Which Debian package brings a tool; other distributions mostly use the same names. */
const PACKAGES: Readonly<Record<string, string>> = {
  iptables: 'iptables',
  'iptables-save': 'iptables',
  'iptables-restore': 'iptables',
  'ip6tables-save': 'iptables',
  'ip6tables-restore': 'iptables',
  ipset: 'ipset',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  ss: 'iproute2',
};

/** A tool that isn't installed, or for which this kernel has nothing: by it nothing can stand. */
export class Unavailable extends Failure {}

const UNSUPPORTED = /not supported|missing kernel module|module \S+ not found|couldn't load/i;

/** Runs a tool that has to succeed; otherwise fails with what it said and what can be done about it. */
export async function runTool(effects: Pick<Effects, 'exec'>, command: Command, purpose: string): Promise<Output> {
  const output = await effects.exec(command);
  if (output.outcome === 'exited' && output.code === 0) return output;
  throw toolFailure(command, output, purpose);
}

export function toolFailure(command: Command, output: Output, purpose: string): Failure {
  const name = command.file;
  if (output.outcome === 'missing') {
    const wanted = PACKAGES[name] ?? name;
    return new Unavailable(`${purpose}: ${name} is not installed`, `install it: apt-get install ${wanted}`);
  }
  if (output.outcome === 'timed-out') {
    return new Failure(
      `${purpose}: ${name} did not finish in time and was ended`,
      'see what holds it up, then run this again',
    );
  }
  const said = output.stderr.trim().split('\n').slice(0, 3).join('; ') || `exit code ${output.code}`;
  const Kind = UNSUPPORTED.test(output.stderr) ? Unavailable : Failure;
  return new Kind(`${purpose}: ${name} says: ${said}`, wayOut(output.stderr));
}

function wayOut(stderr: string): string {
  if (/permission|not permitted|must be root/i.test(stderr)) {
    return 'this needs root (the capabilities NET_ADMIN and NET_RAW)';
  }
  if (/in use by a kernel component/i.test(stderr)) {
    return "a rule that isn't Seawall's refers to one of its sets; find it with: iptables-save | grep seawall-";
  }
  if (/couldn't load|no such file|missing kernel module|does not exist|protocol not supported/i.test(stderr)) {
    return 'a part of the kernel or of the tools is missing: run seawall doctor';
  }
  if (/xtables lock/i.test(stderr)) return 'another program is changing the rules; try again when it is done';
  return 'run seawall doctor to see what is in the way';
}
