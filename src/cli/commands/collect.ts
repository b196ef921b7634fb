import { resolve, join } from 'node:path';
import { Failure } from '../../effects/failure.ts';
import { readDumps } from '../../live/dumps.ts';
import { toJson } from '../../report/json.ts';
import type { Command } from '../command.ts';

export const collect: Command = {
  name: 'collect',
  summary: 'writes what this machine’s tools say into a folder, for audit and explain elsewhere',
  usage: ['collect DIR [--json]'],
  details: [
    'Writes rules, sets, links, routes, listening programs and Docker’s containers and networks as the machine’s own tools print them, one file each, readable by this user only. Changes nothing else. What can’t be seen is named and left out.',
    'The files tell addresses and names of containers: look at them before you give them away.',
  ],
  options: [],
  examples: [
    ['seawall collect /tmp/web-1', 'on the machine in question'],
    ['seawall audit --offline web-1', 'wherever the files are then'],
  ],
  async run({ effects, json, print, tell }, { words }) {
    const [folder] = words;
    if (folder === undefined || words.length > 1)
      throw new Failure('collect takes one folder', 'such as: seawall collect /tmp/machine');
    const path = resolve(folder);
    const { texts, missing } = await readDumps(effects);
    await effects.files.folder(path, 0o700);
    for (const [name, text] of texts) await effects.files.write(join(path, name), [text], 0o600);
    if (json) print(toJson({ folder: path, files: [...texts.keys()], missing }));
    else {
      tell(`${texts.size} files in ${path}. Then: seawall audit --offline ${folder}\n`);
      for (const { name, why } of missing) tell(`  not seen: ${name}: ${why}\n`);
    }
    return 0;
  },
};
