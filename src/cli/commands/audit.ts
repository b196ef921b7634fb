import { resolve } from 'node:path';
import { auditRows } from '../../analysis/trace/audit.ts';
import { type AuditFinding, auditFindings } from '../../analysis/trace/findings.ts';
import { Failure } from '../../effects/failure.ts';
import { parseJson } from '../../net/json.ts';
import { type AuditFacts, auditMarkdown, auditReport, rowJson } from '../../report/audit.ts';
import { toJson } from '../../report/json.ts';
import type { Call, Command, Context } from '../command.ts';
import { inspect, OFFLINE } from '../inspected.ts';

export const audit: Command = {
  name: 'audit',
  summary: 'what answers on this machine, and who can reach it, by which rule',
  usage: ['audit [--offline DIR] [--markdown | --json]', 'audit --write-baseline FILE', 'audit --baseline FILE'],
  details: [
    'Every listening program, every published container port and every container’s own address, and who the rules of this machine let through to it, on IPv4 and IPv6: whichever tool wrote the rules, with or without Seawall. Needs no config and changes nothing. What this user may not see is named.',
    'Exit code 2: something is open to everyone that no config of Seawall makes public and no baseline knows.',
  ],
  options: [
    OFFLINE,
    { name: 'markdown', summary: 'print Markdown' },
    { name: 'baseline', value: 'FILE', summary: 'leave out the findings that are in this file' },
    { name: 'write-baseline', value: 'FILE', summary: 'write the findings of now into this file' },
  ],
  examples: [
    ['seawall audit', 'this machine, now'],
    ['seawall audit --offline web-1', 'another one, from the files of seawall collect'],
    ['seawall audit --baseline known.json', 'in CI: only what is new'],
  ],
  async run(context, call) {
    const { machine, inventory, unseen } = await inspect(context, call);
    const rows = auditRows(machine, inventory);
    const all = auditFindings(rows, machine.netfilter);
    const written = call.value('write-baseline');
    if (written !== undefined) return writeBaseline(context, written, all);
    const known = await readBaseline(context, call.value('baseline'));
    const findings = all.filter(({ key }) => !known.has(key));
    show(context, call, { rows, findings, known: all.length - findings.length, unseen });
    return findings.length > 0 ? 2 : 0;
  },
};

function show({ json, print, colours }: Context, call: Call, facts: AuditFacts): void {
  if (json) print(toJson({ ...facts, rows: facts.rows.map(rowJson) }));
  else print(`${call.flag('markdown') ? auditMarkdown(facts) : auditReport(facts, colours)}\n`);
}

async function writeBaseline({ effects, tell }: Context, path: string, found: readonly AuditFinding[]): Promise<0> {
  await effects.files.write(resolve(path), [toJson({ known: found.map(({ key }) => key) })], 0o644);
  tell(`${found.length} findings are known now: seawall audit --baseline ${path}\n`);
  return 0;
}

async function readBaseline({ effects }: Context, path: string | undefined): Promise<ReadonlySet<string>> {
  if (path === undefined) return new Set();
  const text = await effects.files.read(resolve(path));
  const known = text && knownIn(text.toString());
  if (known) return new Set(known);
  throw new Failure(
    text ? `${path} is no baseline` : `there is no ${path}`,
    `write one: seawall audit --write-baseline ${path}`,
  );
}

function knownIn(text: string): readonly string[] | undefined {
  try {
    const { known } = parseJson(text) as { known?: unknown };
    return Array.isArray(known) && known.every((key) => typeof key === 'string') ? known : undefined;
  } catch {
    return undefined;
  }
}
