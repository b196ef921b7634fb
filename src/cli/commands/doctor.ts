import { checkBoot, checkRights, checkTools, checkTracking, type Finding } from '../../live/checkup.ts';
import { checkNeighbours, checkVariants } from '../../live/neighbours.ts';
import { readDocker } from '../../live/docker.ts';
import { rehearse } from '../../live/rehearse.ts';
import { Failure } from '../../effects/failure.ts';
import { findingsReport } from '../../report/findings.ts';
import { toJson } from '../../report/json.ts';
import type { Backend } from '../../ruleset/backend.ts';
import type { Command, Context } from '../command.ts';
import { readConfigText, survey } from '../survey.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'what on this machine would get in the way, and what to do about it',
  usage: ['doctor [--json]'],
  details: [
    'Looks at rights, tools, the variants of iptables, other firewalls, Docker and the boot, and loads the rules into a private network namespace to see whether this kernel can carry them. Changes nothing.',
    'Exit code 2: something was found.',
  ],
  options: [],
  examples: [['seawall doctor', 'before the first apply, and when something is odd']],
  async run(context) {
    const { effects } = context;
    const [config, backend] = await checkConfig(context);
    const findings = [
      await checkRights(effects),
      ...(await checkTools(effects, backend)),
      await checkVariants(effects),
      ...(await checkNeighbours(effects)),
      await checkTracking(effects),
      ...(await checkDocker(context)),
      ...config,
      await checkBoot(effects),
    ];
    if (context.json) context.print(toJson({ findings }));
    else context.print(`${findingsReport(findings, context.colours)}\n`);
    return findings.every(({ level }) => level === 'ok') ? 0 : 2;
  },
};

async function checkDocker({ effects }: Context): Promise<Finding[]> {
  const { facts, notes } = await readDocker(effects);
  const said: Finding[] = notes.map((note) => ({
    subject: 'docker',
    level: 'warning',
    text: note.replace(/^Docker: /, ''),
    hint: 'Seawall works without; what it can’t see it leaves closed',
  }));
  if (!facts) return said;
  const outside = facts.networks.filter(({ driver }) => driver === 'macvlan' || driver === 'ipvlan');
  return [
    {
      subject: 'docker',
      level: 'ok',
      text: `${facts.version ?? 'unknown version'}, ${facts.networks.length} networks`,
    },
    ...said,
    ...outside.map(({ name, driver }): Finding => ({
      subject: driver,
      level: 'warning',
      text: `network ${name}: its containers are on the outer link themselves, past every firewall of this host`,
      hint: 'filter them on the router, or publish their ports on a bridge network instead',
    })),
  ];
}

/** The config's own rules, in a kernel of their own; and the backend that they are for. */
async function checkConfig(context: Context): Promise<[Finding[], Backend]> {
  try {
    const { plan, notes, observation } = await survey(
      { ...context, tell: () => undefined },
      await readConfigText(context),
    );
    const said = await rehearse(context.effects, plan.target, plan.backend);
    const { backend, why } = observation.choice;
    const findings: Finding[] = [
      { subject: 'backend', level: 'ok', text: `${backend}, ${why}` },
      said === undefined
        ? { subject: 'config', level: 'ok', text: 'read, and its rules load on this kernel' }
        : {
            subject: 'kernel',
            level: 'problem',
            text: `can’t carry the rules: ${said}`,
            hint: `a module is missing: ${MODULES[backend]}`,
          },
      ...notes
        .filter((note) => !note.startsWith('Docker:'))
        .map((text): Finding => ({ subject: 'config', level: 'warning', text, hint: 'see seawall plan' })),
    ];
    return [findings, backend];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [[{ subject: 'config', level: 'problem', text: error.message, hint: error.hint }], 'iptables'];
  }
}

const MODULES: Readonly<Record<Backend, string>> = {
  iptables: 'xt_set, xt_conntrack, xt_addrtype, xt_limit, ip_set_hash_net, ip_set_bitmap_port',
  nftables: 'nf_tables, nft_ct, nft_fib_inet, nft_limit, nft_log',
};
