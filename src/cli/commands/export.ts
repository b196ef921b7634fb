import { join } from 'node:path';
import { FILE_MODE, FOLDER_MODE } from '../../apply/state.ts';
import { Failure } from '../../effects/failure.ts';
import { plainFiles } from '../../plan/boot-files.ts';
import { exportScript } from '../../plan/export-script.ts';
import { toJson } from '../../report/json.ts';
import { notesReport } from '../../report/notes.ts';
import type { Command } from '../command.ts';
import { readConfigText, survey } from '../survey.ts';

export const exportRules: Command = {
  name: 'export',
  summary: 'the policy as plain text for the kernel’s own tools, for a machine without Seawall',
  usage: ['export [--output DIR]'],
  details: [
    'Prints one POSIX shell script that loads the sets and rules into a kernel that has none of them yet; or writes its parts as files into a folder. Nothing is changed.',
    'Names and Docker’s networks are resolved on this machine, now. The backend is that of the config.',
  ],
  options: [
    {
      name: 'output',
      value: 'DIR',
      summary: 'write the plain files there instead: sets.ipset, rules.iptables …, or sets.nft and rules.nft',
    },
  ],
  examples: [
    ['seawall export > firewall.sh', 'a script that root runs on the other machine'],
    ['seawall export --output rules', 'the plain files'],
  ],
  async run(context, call) {
    const found = await survey(context, await readConfigText(context));
    for (const line of notesReport(found.notes, context.colours)) context.tell(`${line}\n`);
    const files = plainFiles(found.plan.target, found.plan.backend);
    const folder = call.value('output');
    if (folder === undefined) {
      for (const chunk of exportScript(files, found.plan.backend)) context.print(chunk);
      return 0;
    }
    const there = await context.effects.files.list(folder);
    if (there.length > 0)
      throw new Failure(`the folder ${folder} is not empty`, 'name one that is, or that does not exist');
    await context.effects.files.folder(folder, FOLDER_MODE);
    for (const { name, content } of files) await context.effects.files.write(join(folder, name), content(), FILE_MODE);
    if (context.json) context.print(toJson({ folder, files: files.map(({ name }) => name) }));
    return 0;
  },
};
