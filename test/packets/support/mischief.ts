import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type World, mustExec } from '../../../lab/world.ts';
import { BACKEND } from './own-sets.ts';

// Tools that do harm at a chosen call: each of them, whoever calls it, is counted in the order of the calls.

/** What a run of Seawall, and the shell script that undoes, start and rely on. */
const TOOLS: Readonly<Record<typeof BACKEND, readonly string[]>> = {
  iptables: [
    'iptables-restore',
    'ip6tables-restore',
    'iptables-save',
    'ip6tables-save',
    'iptables',
    'ip6tables',
    'ipset',
  ],
  nftables: ['nft'],
};
const OTHERS = ['conntrack', 'flock', 'sh'];

/**
 * `fails`: exit code 1, and nothing done. `killed-before`, `killed-after`: whoever called the tool is killed before it
 * has done anything, or when it is done. `cut`: the tool gets half of its input, as if the pipe had ended.
 * `cut-and-killed`: the same, as it comes about when the one who writes is killed.
 */
export type Harm = 'fails' | 'killed-before' | 'killed-after' | 'cut' | 'cut-and-killed';

/** A guard of an earlier change that finds nothing left to undo is none of a run's. */
const script = (name: string, real: string, dir: string): string => `
[ "${name} $*" != 'flock -w 60 9' ] || exec ${real} "$@"
{ read -r at how <'${dir}/plan'; } 2>/dev/null || exec ${real} "$@"
number=1
set -C
until { echo "${name} $*" >"${dir}/calls/$number"; } 2>/dev/null; do number=$((number + 1)); done
set +C
[ "$number" = "$at" ] || exec ${real} "$@"
half() {
  cat >'${dir}/input'
  head -c $(($(wc -c <'${dir}/input') / 2)) '${dir}/input' | ${real} "$@"
}
case $how in
  fails) echo 'out of luck' >&2; exit 1 ;;
  killed-before) kill -9 $PPID ;;
  killed-after)
    # A guard goes on for as long as it is told to.
    case "$*" in *' guard '*) ;; *) ${real} "$@" ;; esac
    kill -9 $PPID ;;
  cut) half "$@" ;;
  cut-and-killed) half "$@"; kill -9 $PPID ;;
esac`;

export interface Run {
  readonly code: number | null;
  readonly said: string;
  /** The call that was harmed; undefined if there were fewer calls. */
  readonly harmed: string | undefined;
}

export class Mischief {
  readonly #world: World;
  readonly #dir: string;

  private constructor(world: World) {
    this.#world = world;
    this.#dir = join(world.dir, 'mischief');
  }

  static async prepare(world: World): Promise<Mischief> {
    const mischief = new Mischief(world);
    await mkdir(mischief.#dir, { recursive: true });
    for (const name of [...TOOLS[BACKEND], ...OTHERS]) {
      const find = `PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v ${name}`;
      const real = (await mustExec(world, 'host', ['/bin/sh', '-c', find])).trim();
      await world.shim(name, script(name, real, mischief.#dir));
    }
    // The shell script has a PATH of its own, which begins there.
    await mustExec(world, 'host', ['mount', '--bind', join(world.dir, 'bin'), '/usr/local/sbin']);
    return mischief;
  }

  /** Runs Seawall with harm done at this call of a tool, counted from 1. */
  async run(args: readonly string[], at: number, how: Harm | 'nothing'): Promise<Run> {
    await this.arm(at, how);
    try {
      const { code, stdout, stderr } = await this.#world.seawall(args, { timeoutMs: 60_000 });
      return { code, said: stdout + stderr, harmed: await this.call(at) };
    } finally {
      await this.disarm();
    }
  }

  /** From now on, until `disarm`, every call of a tool is counted. */
  async arm(at: number, how: Harm | 'nothing'): Promise<void> {
    await rm(join(this.#dir, 'calls'), { recursive: true, force: true });
    await mkdir(join(this.#dir, 'calls'));
    await writeFile(join(this.#dir, 'plan'), `${at} ${how}\n`);
  }

  disarm(): Promise<void> {
    return rm(join(this.#dir, 'plan'), { force: true });
  }

  /** The words of a call. */
  call(number: number): Promise<string | undefined> {
    return readFile(join(this.#dir, 'calls', String(number)), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  }

  /** The words of all calls, in their order. */
  async calls(): Promise<string[]> {
    const { length } = await readdir(join(this.#dir, 'calls'));
    return Promise.all(Array.from({ length }, async (_, index) => (await this.call(index + 1)) ?? ''));
  }
}
