import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalise } from '../../../lab/snapshot.ts';
import { type World, mustExec } from '../../../lab/world.ts';
import { call, configText as textOnDisk } from './command-line.ts';
import { type Harm, Mischief, type Run } from './mischief.ts';
import { BACKEND } from './own-sets.ts';
import { configText } from './sources.ts';

// Two policies that differ in both families and in several sets, and what stands when one of them does.

const BY = BACKEND === 'nftables' ? 'backend: nftables\n' : '';

export const POLICIES = {
  A: configText(['22/tcp', '500/udp'], `${BY}block: [203.0.113.99]\n`),
  B: configText(
    ['22/tcp', '500/udp', '443/tcp'],
    `${BY}block: [203.0.113.98, "2001:db8:f::/48"]\nlog: limited\nallow:\n  - {from: [10.9.0.0/16], to: [9100/tcp]}\n`,
  ),
} as const;
export type Name = keyof typeof POLICIES;
export const other = (name: Name): Name => (name === 'A' ? 'B' : 'A');

const LOOK = 'iptables-save; ip6tables-save; ipset save | grep -v "^add seawall-\\(denied\\|lately\\|cut\\)" | sort';

/** All rules and sets of the host, foreign ones too, to the letter. */
export async function look(world: World): Promise<string> {
  const sh = (script: string): Promise<string> =>
    mustExec(world, 'host', ['/bin/sh', '-c', `PATH=/usr/sbin:/usr/bin:/sbin:/bin; ${script}`]);
  const saved = normalise(await sh(LOOK));
  return BACKEND === 'iptables' ? saved : `${saved}${inOrder(await sh(NFT_LOOK))}`;
}

const NFT_LOOK = 'nft -s -n list table inet seawall 2>/dev/null || true';

/** Chains and sets by their names: in which order they came to be says nothing. Nothing of who was denied or cut. */
function inOrder(table: string): string {
  const blocks = table
    .replace(/^table .*\n/, '')
    .replace(/\}\n$/, '')
    .split('\n\n')
    .map((block) => block.trim());
  return blocks
    .filter((block) => !/^set seawall-(denied|lately|cut)/.test(block))
    .toSorted()
    .join('\n\n');
}

/** The same but for what may differ between two ways to the same policy: which of two names a set has. */
export const meaning = (text: string): string =>
  text
    .replaceAll(/\b(seawall-[a-z-]+[46])[ab]\b/g, '$1')
    .replaceAll(/(^|\n)chain output \{.*?\n\t?\}/gs, '')
    .split('\n')
    .filter((line) => !/^:SEAWALL-|^create seawall-(denied|lately|cut)|OUTPUT.*SEAWALL-/.test(line))
    .join('\n');

/** One world in which Seawall is harmed again and again. */
export class Bench {
  readonly world: World;
  readonly mischief: Mischief;
  readonly #wanted: ReadonlyMap<Name, string>;
  /** What stands now. */
  standing: Name;
  converged = 0;
  /** How many runs of Seawall itself were killed. */
  killed = 0;
  readonly wrong: string[] = [];

  private constructor(world: World, mischief: Mischief, wanted: ReadonlyMap<Name, string>) {
    this.world = world;
    this.mischief = mischief;
    this.#wanted = wanted;
    this.standing = 'A';
  }

  static async make(world: World): Promise<Bench> {
    const wanted = new Map<Name, string>();
    for (const name of ['A', 'B', 'A'] as const) {
      await world.writeConfig(POLICIES[name]);
      await done(world, ['apply', '--yes']);
      wanted.set(name, meaning(await look(world)));
    }
    return new Bench(world, await Mischief.prepare(world), wanted);
  }

  /** Forgets what earlier tests have left. */
  async begin(): Promise<void> {
    if (await this.isPending()) await call(this.world, ['rollback', '--yes']);
    await done(this.world, ['apply', '--yes']);
    this.standing = (await textOnDisk(this.world)) === POLICIES.A ? 'A' : 'B';
    this.converged = 0;
    this.killed = 0;
    this.wrong.length = 0;
  }

  /** Notes what is not as it should be, and goes on: one run shows all of it. */
  check(right: boolean, what: string, run: Run): void {
    if (!right) this.wrong.push(`${what}: ${run.harmed ?? 'nothing harmed'} (exit ${run.code}): ${run.said.trim()}`);
  }

  async isMeant(name: Name): Promise<boolean> {
    return meaning(await look(this.world)) === this.#wanted.get(name);
  }

  /** All lines of what should stand are there, whatever else is left over. */
  async holds(name: Name): Promise<boolean> {
    const lines = new Set(meaning(await look(this.world)).split('\n'));
    return (this.#wanted.get(name) ?? '').split('\n').every((line) => lines.has(line));
  }

  /** The config that says what stands. */
  restoreConfig(): Promise<void> {
    return this.world.writeConfig(POLICIES[this.standing]);
  }

  /** Harms every call of a tool that a command makes, one a run. `round` does what comes before and after. */
  async harmAll(how: Harm, round: (run: (args: readonly string[]) => Promise<Run>) => Promise<Run>): Promise<number> {
    for (let at = 1; ; at++) {
      const { harmed } = await round((args) => this.mischief.run(args, at, how));
      if (harmed === undefined) return at - 1;
    }
  }

  /** The same for those calls alone whose words are such. */
  async harmSome(
    how: Harm,
    which: RegExp,
    round: (run: (args: readonly string[]) => Promise<Run>, how: Harm) => Promise<Run>,
  ): Promise<number> {
    // One run with no harm done, to count.
    await round((args) => this.mischief.run(args, 0, 'nothing'), how);
    const calls = await this.mischief.calls();
    const chosen = calls.flatMap((words, index) => (which.test(words) ? [index + 1] : []));
    for (const at of chosen) await round((args) => this.mischief.run(args, at, how), how);
    return chosen.length;
  }

  /** An error leaves the kernel as it was, and the next apply brings what the config says. */
  async heal(run: Run, how: Harm, before: string): Promise<void> {
    const after = await look(this.world);
    // One that was killed has no exit code.
    if (run.code !== 0 && run.code !== null) this.check(after === before, `${how}, and not put back`, run);
    if (how === 'fails') this.check(!run.said.includes('bug'), `${how}, and no word of sense`, run);
    await this.converge(run, how);
  }

  async converge(run: Run, how: string): Promise<void> {
    if (run.code === null) this.killed++;
    if (await this.isPending()) await this.attempt(['rollback', '--yes'], run, `${how}, then rollback`);
    await this.attempt(['apply', '--yes'], run, `${how}, then apply`);
    const text = await textOnDisk(this.world);
    this.standing = text === POLICIES.A ? 'A' : 'B';
    const right = await this.isMeant(this.standing);
    this.check(right, `${how}, and the next run does not bring what the config says`, run);
    if (right) this.converged++;
  }

  async attempt(args: readonly string[], run: Run, what: string): Promise<void> {
    const { code, stdout, stderr } = await call(this.world, args);
    this.check(code === 0, `${what} fails (exit ${code}: ${stdout}${stderr})`, run);
  }

  isPending(): Promise<boolean> {
    return access(join(this.world.stateDir, 'pending')).then(
      () => true,
      () => false,
    );
  }

  async current(): Promise<number> {
    return Number(await readFile(join(this.world.stateDir, 'boot/current'), 'utf8'));
  }
}

/** @throws Error with what Seawall said, if it fails */
export async function done(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await call(world, args);
  if (code !== 0) throw new Error(`seawall ${args.join(' ')}: exit ${code}\n${stderr}${stdout}`);
  return stdout + stderr;
}
