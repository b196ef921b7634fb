import { createHash } from 'node:crypto';
import type { FakeFiles } from './fake-effects.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { minimumRules } from './minimum-rules.ts';
import { ToolError } from './tool-error.ts';

/** How a boot or an undo ended. */
export type Result = 'restored' | 'removed' | 'minimum' | 'failed' | 'down';

const TOOLS = { iptables: 4, ip6tables: 6 } as const;
const POINTS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT'];
const ESTABLISHED = '-m conntrack ! --ctstate RELATED,ESTABLISHED';

/**
 * What packaging/boot/seawall-boot.sh does, function by function, on the fake kernel: the boot, the undo, and the guard
 * that waits for the deadline. It is a process of its own: what strikes the program doesn't strike it. (The script
 * itself is run by test/packets.)
 */
export class FakeUndo {
  readonly #kernel: FakeKernel;
  readonly #files: FakeFiles;
  readonly #state: string;
  /** Tokens for which a guard waits. */
  readonly #guards = new Set<string>();

  constructor(kernel: FakeKernel, files: FakeFiles, state: string) {
    this.#kernel = kernel;
    this.#files = files;
    this.#state = state;
  }

  copyFrom(other: FakeUndo): void {
    for (const token of other.#guards) this.#guards.add(token);
  }

  get guards(): number {
    return this.#guards.size;
  }

  /** All guards are killed. */
  killGuards(): void {
    this.#guards.clear();
  }

  get now(): number {
    return Number.parseInt(this.#read('/proc/uptime') ?? '0', 10);
  }

  /** `sh SCRIPT STATE VERB [TOKEN]` */
  async run([script = '', state, verb, token = '']: readonly string[]): Promise<string> {
    if (this.#read(script) === undefined || state !== this.#state) throw new ToolError(`can't open '${script}'`);
    if (verb === 'arm') this.#guards.add(token);
    else if (verb !== 'undo') throw new ToolError(`there is no ${verb}`);
    else if ((await this.#undo()) === 'failed') throw new ToolError('COULD NOT BE UNDONE');
    return '';
  }

  /** Guards whose deadline has come undo; those that have nothing left to guard end. */
  async strike(): Promise<void> {
    for (const token of this.#guards) {
      const pending = this.#read(`${this.#state}/pending`);
      const own = pending !== undefined && ['', token].includes(this.#field('token'));
      if (own && this.now < (Number(this.#field('deadline')) || 0)) continue;
      if (own) await this.#undo();
      this.#guards.delete(token);
    }
  }

  /** What `at_boot` does, in a kernel that is empty. */
  async boot(): Promise<Result> {
    this.#guards.clear();
    for (const name of ['pending', 'journal']) await this.#forgetEarlierStart(name);
    if (this.#read(`${this.#state}/pending`) === undefined) await this.#files.remove(`${this.#state}/uncut`);
    if (this.#read(`${this.#state}/down`) !== undefined) return 'down';
    return (await this.#load(this.#current)) ? 'restored' : this.#minimum();
  }

  async #forgetEarlierStart(name: string): Promise<void> {
    const path = `${this.#state}/${name}`;
    const boot = /^boot (.*)$/m.exec(this.#read(path) ?? '')?.[1] ?? '';
    if (boot !== this.#read('/proc/sys/kernel/random/boot_id')?.trim()) await this.#files.remove(path);
  }

  async #undo(): Promise<Result> {
    const id = this.#current;
    if (id !== '' && id === this.#field('generation') && id !== this.#field('before')) {
      for (const name of ['pending', 'uncut']) await this.#files.remove(`${this.#state}/${name}`);
      return 'restored';
    }
    const uncut = this.#read(`${this.#state}/uncut`);
    if (uncut !== undefined) await this.#do('ipset', ['-exist', 'restore'], uncut);
    const result = await this.#goBack(id);
    const lines = [
      `token ${this.#field('token')}`,
      `generation ${this.#field('generation')}`,
      `result ${result}`,
      `at 0`,
    ];
    this.#files.put(`${this.#state}/undone`, `${lines.join('\n')}\n`);
    if (result !== 'failed')
      for (const name of ['pending', 'uncut', 'journal']) await this.#files.remove(`${this.#state}/${name}`);
    return result;
  }

  async #goBack(id: string): Promise<Result> {
    if (id === '' && this.#field('before') === '0') {
      await this.#tidy('none');
      return 'removed';
    }
    if (!(await this.#load(id))) return this.#minimum();
    await this.#tidy(id);
    return 'restored';
  }

  async #load(id: string): Promise<boolean> {
    const folder = `${this.#state}/generations/${id}`;
    if (!this.#intact(folder)) return false;
    await this.#do('ipset', ['destroy', 'seawall-scratch']);
    for (const name of this.#setFiles(folder)) {
      if (this.#kernel.sets.get(name.replace(/\.ipset$/, ''))) continue;
      if (!(await this.#do('ipset', ['restore'], this.#inOneStep(this.#read(`${folder}/${name}`) ?? '')))) return false;
    }
    for (const tool of Object.keys(TOOLS)) {
      const rules = this.#read(`${folder}/rules.${tool}`);
      if (!(await this.#do(`${tool}-restore`, ['-w', '10', '--noflush'], rules))) return false;
    }
    return this.#hookAll((this.#read(`${folder}/hooks`) ?? '').split('\n').filter(Boolean));
  }

  async #hookAll(lines: readonly string[]): Promise<boolean> {
    for (const line of lines) {
      const [tool = '', point = '', ...rule] = line.split(' ');
      const there = await this.#do(tool, ['-w', '10', '-t', 'mangle', '-C', point, ...rule]);
      if (!there && !(await this.#do(tool, ['-w', '10', '-t', 'mangle', '-I', point, '1', ...rule]))) return false;
    }
    return true;
  }

  #intact(folder: string): boolean {
    if (!/\/\d+$/.test(folder)) return false;
    const sums = (this.#read(`${folder}/SHA256SUMS`) ?? '').split('\n').filter(Boolean);
    const named = sums.map((line) => line.slice(66));
    const needed = ['sets.ipset', 'rules.iptables', 'rules.ip6tables', 'hooks', ...this.#setFiles(folder)];
    const whole = (line: string): boolean => {
      const content = this.#files.contents.get(`${folder}/${line.slice(66)}`);
      return content !== undefined && createHash('sha256').update(content).digest('hex') === line.slice(0, 64);
    };
    return needed.every((name) => named.includes(name)) && sums.every(whole);
  }

  #inOneStep(text: string): string {
    const lines: string[] = [];
    let name = '';
    const finish = (): void => {
      if (name !== '' && this.#kernel.sets.get(name))
        lines.push(`swap seawall-scratch ${name}`, 'destroy seawall-scratch');
      else if (name !== '') lines.push(`rename seawall-scratch ${name}`);
      name = '';
    };
    for (const line of text.split('\n').filter(Boolean)) {
      const [verb, set = '', ...rest] = line.split(' ');
      if (verb === 'create') finish();
      if (verb === 'create' && rest.includes('timeout')) {
        if (!this.#kernel.sets.get(set)) lines.push(line);
        continue;
      }
      if (verb === 'create') name = set;
      lines.push([verb, 'seawall-scratch', ...rest].join(' '));
    }
    finish();
    return `${lines.join('\n')}\n`;
  }

  async #tidy(id: string): Promise<void> {
    const folder = `${this.#state}/generations/${id}`;
    for (const [tool, family] of Object.entries(TOOLS)) {
      const hooks = (this.#read(`${folder}/hooks`) ?? '').split('\n');
      for (const point of POINTS) {
        const own = this.#kernel.tables[family].rules('mangle', point).filter((rule) => / -[jg] SEAWALL-/.test(rule));
        for (const rule of own)
          if (!hooks.includes(`${tool} ${point} ${rule}`)) await this.#do(tool, ['-t', 'mangle', '-D', point, rule]);
      }
      const kept = this.#read(`${folder}/rules.${tool}`) ?? '';
      const chains = this.#kernel.tables[family].chains('mangle').filter((name) => name.startsWith('SEAWALL-'));
      const gone = chains.filter((name) => !kept.includes(`:${name} `));
      for (const verb of ['-F', '-X']) for (const chain of gone) await this.#do(tool, ['-t', 'mangle', verb, chain]);
    }
    const sets = this.#setFiles(folder).map((name) => this.#read(`${folder}/${name}`) ?? '');
    for (const name of this.#kernel.sets.names().filter((each) => each.startsWith('seawall-')))
      if (!sets.some((text) => text.includes(`create ${name} `))) await this.#do('ipset', ['destroy', name]);
  }

  async #minimum(): Promise<Result> {
    for (const tool of ['iptables', 'ip6tables'] as const) {
      const loaded = await this.#do(`${tool}-restore`, ['--noflush'], minimumRules(tool));
      const hooks = ['PREROUTING:PRE', 'FORWARD:FWD'].map((pair) => pair.split(':'));
      const lines = hooks.map(([point, chain]) => `${tool} ${point} ${ESTABLISHED} -j SEAWALL-${chain}`);
      if (!loaded || !(await this.#hookAll(lines))) return 'failed';
    }
    return 'minimum';
  }

  async #do(file: string, args: readonly string[], input?: string): Promise<boolean> {
    const { code } = await this.#kernel.exec({ file, args, ...(input === undefined ? {} : { input: [input] }) });
    return code === 0;
  }

  get #current(): string {
    return this.#read(`${this.#state}/boot/current`)?.trim() ?? '';
  }

  #field(key: string): string {
    const text = this.#read(`${this.#state}/pending`) ?? '';
    return new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1] ?? '';
  }

  #setFiles(folder: string): string[] {
    const inside = [...this.#files.contents.keys()].filter((path) => path.startsWith(`${folder}/`));
    return inside.map((path) => path.slice(folder.length + 1)).filter((name) => name.endsWith('.ipset'));
  }

  #read = (path: string): string | undefined => this.#files.contents.get(path)?.toString();
}
