import { dirname } from 'node:path';
import { Failure } from '../../effects/failure.ts';
import { readListeners } from '../../live/listeners.ts';
import { readSessions } from '../../live/sessions.ts';
import { formatAddress } from '../../net/address.ts';
import { firstConfig } from '../../report/first-config.ts';
import { toJson } from '../../report/json.ts';
import type { Command } from '../command.ts';
import { readConfigBytes } from '../survey.ts';

const CONFIG_MODE = 0o600;
const FOLDER_MODE = 0o755;

export const init: Command = {
  name: 'init',
  summary: 'write a first config from what this machine shows',
  usage: ['init [--print]'],
  details: [
    'Trusts the address that your SSH session comes from and opens nothing. What answers on this machine now, programs and published container ports, is listed as comments, so that you only have to choose. An existing config is never overwritten.',
  ],
  options: [{ name: 'print', summary: 'print it instead of writing it' }],
  examples: [
    ['seawall init', 'writes /etc/seawall/seawall.yaml'],
    ['seawall init --print', 'only shows what it would write'],
  ],
  async run(context, call) {
    const { effects, configPath, ssh } = context;
    const [listeners, sessions] = await Promise.all([readListeners(effects), readSessions(effects, ssh)]);
    const client = sessions.all.find(({ own }) => own)?.client;
    const text = firstConfig({
      ssh: client,
      ports: listeners.filter(({ loopback }) => !loopback),
    });
    if (call.flag('print')) {
      context.print(text);
      return 0;
    }
    if (await readConfigBytes(context))
      throw new Failure(`${configPath} exists already`, 'edit it, or see what init would write: seawall init --print');
    await effects.files.folder(dirname(configPath), FOLDER_MODE);
    await effects.files.write(configPath, [text], CONFIG_MODE);
    if (context.json) context.print(toJson({ config: configPath }));
    context.tell(
      `Wrote ${configPath}. ${client ? `It trusts ${formatAddress(client)}, where your session comes from.` : 'Nobody is trusted yet: put your own address in first.'}\nNext: seawall plan, then seawall apply\n`,
    );
    return 0;
  },
};
