import { formatAddress, type Address } from '../net/address.ts';

/** What a first config is written from. */
export interface FirstConfigFacts {
  /** Where the person who runs this comes from. */
  readonly ssh: Address | undefined;
  readonly ports: readonly { readonly port: number; readonly protocol: string; readonly owner: string | undefined }[];
}

/** A config that trusts the own session and opens nothing; what could be public stands there as comments. */
export function firstConfig({ ssh, ports }: FirstConfigFacts): string {
  const trusted =
    ssh === undefined
      ? ['trusted: []                    # who may reach everything: your own addresses first']
      : [
          'trusted:                       # who may reach everything',
          `  - ${formatAddress(ssh)}   # where your session comes from`,
        ];
  return [
    '# Seawall: this machine is closed but for what stands here. `seawall plan` shows what a change would do.',
    'version: 1',
    '',
    ...trusted,
    '  # - 192.0.2.0/24             # a network',
    '  # - office.example.com       # a name',
    '  # - {file: lists/office.txt} # a long list: one prefix a line',
    '',
    'public: []                     # ports that are open to everyone, by the number that a client dials',
    ...(ports.length === 0
      ? []
      : ['# What answers on this machine now. To open one to everyone, name it above, such as: public: [443/tcp]']),
    ...ports.map(
      ({ port, protocol, owner }) =>
        `#   ${`${port}/${protocol}`.padEnd(10)}${commentText(owner ?? 'an unknown program')}`,
    ),
    '',
    '# allow:                       # some sources, some ports',
    '#   - {from: [10.9.0.0/16], to: [9100/tcp], note: monitoring}',
    '# block: [203.0.113.99]        # beats trusted',
    "# interfaces: {internal: [wg0]} # besides Docker's own bridges",
    '',
  ].join('\n');
}

/** A program or container chooses its own name; in a comment it must stay one. */
const commentText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);
