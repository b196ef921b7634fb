import { Failure } from '../../effects/failure.ts';
import { readDenied } from '../../live/denied.ts';
import { readListeners } from '../../live/listeners.ts';
import { formatAddress } from '../../net/address.ts';
import { deniedReport } from '../../report/denied.ts';
import { toJson } from '../../report/json.ts';
import type { Command } from '../command.ts';

export const denied: Command = {
  name: 'denied',
  summary: 'who was turned away lately, on which port, how often, when last',
  usage: ['denied [--json]'],
  details: [
    'Reads what the kernel notes of those whom Seawall turned away: address and port, how often and since when within an hour from the first packet, and when last; 65,536 of them at most. Changes nothing.',
  ],
  options: [],
  examples: [['seawall denied', 'somebody can’t get in: are they here, and on which port']],
  async run({ effects, json, print, tell, colours }) {
    const [entries, listeners] = await Promise.all([readDenied(effects), readListeners(effects)]);
    if (entries === undefined)
      throw new Failure(
        'nothing here notes who is turned away',
        'Seawall doesn’t stand, or this needs root: seawall status',
      );
    const owners = new Map(listeners.map(({ port, protocol, owner }) => [`${port}/${protocol}`, owner]));
    const rows = entries
      .map((entry) => ({ ...entry, owner: owners.get(`${entry.port}/${entry.protocol}`) }))
      .toSorted((a, b) => b.packets - a.packets);
    if (json) {
      const denials = rows.map(({ address, owner, ...rest }) => ({
        address: formatAddress(address),
        ...rest,
        owner: owner ?? null,
        letIn: `seawall trust add ${formatAddress(address)}`,
      }));
      print(toJson({ denied: denials }));
    } else if (rows.length === 0) tell('Nobody was turned away within the last hour.\n');
    else print(`${deniedReport(rows, colours)}\n`);
    return 0;
  },
};
