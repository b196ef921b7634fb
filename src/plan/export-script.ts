import { NFT_TABLE } from '../nftables/names.ts';
import type { Backend } from '../ruleset/backend.ts';
import type { PlainFile } from './boot-files.ts';

const decoder = new TextDecoder();
/** No line of a set or rule can be this. */
const END = 'END_OF_SEAWALL_FILE';

/** One script with the plain files inside. It refuses to run where own rules stand already, and stops at the first error. */
export function* exportScript(files: readonly PlainFile[], backend: Backend): Generator<string> {
  yield `#!/bin/sh
# A firewall by Seawall, as plain text: run it as root on a machine on which none of Seawall stands.
set -eu
if ${STANDS[backend]}; then
  echo 'a firewall of Seawall stands here already; this script is for a machine without' >&2
  exit 1
fi
`;
  for (const file of files) {
    const command = backend === 'nftables' ? 'nft -f -' : COMMANDS[file.name];
    if (command === undefined) continue;
    yield `${command} <<'${END}'\n`;
    for (const chunk of file.content()) yield typeof chunk === 'string' ? chunk : decoder.decode(chunk);
    yield `${END}\n`;
  }
}

const STANDS: Readonly<Record<Backend, string>> = {
  iptables: "ipset list -n 2>/dev/null | grep -q '^seawall-'",
  nftables: `nft list table ${NFT_TABLE} >/dev/null 2>&1`,
};

/** What each file is fed to. The hooks come last: until then nothing of it is in force. */
const COMMANDS: Readonly<Record<string, string>> = {
  'sets.ipset': 'ipset restore',
  'rules.iptables': 'iptables-restore --noflush',
  'rules.ip6tables': '[ ! -e /proc/net/if_inet6 ] || ip6tables-restore --noflush',
  // shellcheck would warn of the split words, which are meant.
  hooks: `while read -r tool point rule; do
  [ "$tool" = iptables ] || [ -e /proc/net/if_inet6 ] || continue
  "$tool" -w 10 -t mangle -I "$point" 1 $rule
done`,
};
