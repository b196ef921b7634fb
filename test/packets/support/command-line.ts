import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TRUSTED } from '../../../lab/addresses.ts';
import type { CommandOptions, Outcome } from '../../../lab/command.ts';
import { type World, mustExec } from '../../../lab/world.ts';

/** A session from an address that no config of the tests trusts unless it says so. */
export const sshFrom = (address: string, port = 22): CommandOptions => ({
  env: { SSH_CONNECTION: `${address} 50022 198.51.100.10 ${port}` },
});

/** Runs Seawall as a script would: no terminal, no SSH session unless `options` name one. */
export function call(world: World, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return world.seawall(args, { timeoutMs: 60_000, ...options, env: { ...NO_SSH, ...options.env } });
}

/** The session that runs the tests is none of the world's. */
export const NO_SSH = { SSH_CONNECTION: undefined, SSH_CLIENT: undefined };

/** The answer of a command with `--json`; it has to be one value of this schema, with nothing on the other stream. */
export async function callJson(
  world: World,
  args: readonly string[],
): Promise<{ code: number | null; answer: Record<string, unknown> }> {
  const { code, stdout, stderr } = await call(world, [...args, '--json']);
  if (stderr !== '') throw new Error(`seawall ${args.join(' ')} --json said besides its answer: ${stderr}`);
  return { code, answer: JSON.parse(stdout) as Record<string, unknown> };
}

/** Rules with their handles and sets with their entries, byte by byte: equal only if nothing was touched. */
export async function kernel(world: World): Promise<{ rules: string; sets: string }> {
  const rules = await mustExec(world, 'host', ['nft', '--stateless', '--handle', 'list', 'ruleset']);
  const sets = await mustExec(world, 'host', ['ipset', 'save']);
  return { rules, sets };
}

/** Makes a world what it was before the first command, with a config if one is given. */
export async function fresh(world: World, config?: string): Promise<void> {
  await call(world, ['down', '--yes']);
  for (const path of [world.configFile, world.stateDir]) await rm(path, { force: true, recursive: true });
  if (config !== undefined) await world.writeConfig(config);
}

export const configText = (world: World): Promise<string> => readFile(world.configFile, 'utf8');

/** Takes a shim away again. */
export const unshim = (world: World, name: string): Promise<void> => rm(join(world.dir, 'bin', name));

/**
 * Seawall at a real terminal (a pty of util-linux's script(1)): both streams of output in one. Unless `env` says
 * otherwise it is that of a session from an address that the tests trust.
 */
export class Terminal {
  #said = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(world: World, args: readonly string[], env: CommandOptions['env'] = {}) {
    const plain = {
      SHELL: '/bin/sh',
      TERM: 'xterm',
      NO_COLOR: undefined,
      ...NO_SSH,
      ...sshFrom(TRUSTED.single.v4).env,
    };
    const argv = ['script', '-qec', world.seawallArgv(args).join(' '), '/dev/null'];
    this.#child = world.spawn('host', argv, { env: { ...plain, ...env } });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#child.stdin?.on('error', () => {});
    this.#ended = once(this.#child, 'close');
  }

  /** Waits until the text was shown. @throws Error after 20 s */
  async until(text: string): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!this.#said.includes(text)) {
      if (Date.now() > deadline) throw this.#late(JSON.stringify(text));
      await sleep(20);
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Resolves when the program has ended by itself. @throws Error after 20 s */
  async end(): Promise<{ code: number | null; said: string }> {
    const patience = new AbortController();
    const late = sleep(20_000, 'late' as const, { signal: patience.signal }).catch(() => undefined);
    const how = await Promise.race([this.#ended, late]);
    patience.abort();
    if (how === 'late') throw this.#late('the end');
    return { code: this.#child.exitCode, said: this.#said };
  }

  #late(what: string): Error {
    this.#child.kill('SIGKILL');
    return new Error(`${what} didn't come within 20 s; the terminal shows:\n${this.#said}`);
  }
}
