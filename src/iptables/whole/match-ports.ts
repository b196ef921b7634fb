import type { End } from '../../ruleset/condition.ts';
import { byOption, type OptionReader, type Plain } from './match-reading.ts';
import { listOf, portRange } from './values.ts';

const port =
  (end: End): OptionReader =>
  ([text, ...more]) => {
    const range = more.length === 0 ? portRange(text) : undefined;
    return range && { kind: 'port', end, ranges: [range] };
  };

const ports =
  (end: End | 'either'): OptionReader =>
  ([text, ...more]) => {
    const ranges = more.length === 0 ? listOf(text, (part) => portRange(part)) : undefined;
    return ranges && { kind: 'port', end, ranges };
  };

const PORT_OPTIONS = {
  '--sport': port('src'),
  '--source-port': port('src'),
  '--dport': port('dst'),
  '--destination-port': port('dst'),
};

const FLAGS = new Map([
  ['FIN', 1],
  ['SYN', 2],
  ['RST', 4],
  ['PSH', 8],
  ['ACK', 16],
  ['URG', 32],
  ['ALL', 63],
  ['NONE', 0],
]);

const flagsOf = (text: string | undefined): number | undefined =>
  listOf(text, (name) => FLAGS.get(name))?.reduce((all, bit) => all | bit, 0);

const tcpFlags: OptionReader = ([maskText, flagsText, ...more]): Plain | undefined => {
  const mask = flagsOf(maskText);
  const flags = flagsOf(flagsText);
  if (mask === undefined || flags === undefined || more.length > 0) return undefined;
  return { kind: 'tcp-flags', mask, flags };
};

/** SYN alone of FIN, SYN, RST and ACK. */
const syn: OptionReader = (values) => (values.length === 0 ? { kind: 'tcp-flags', mask: 23, flags: 2 } : undefined);

export const tcp = byOption({ ...PORT_OPTIONS, '--tcp-flags': tcpFlags, '--syn': syn });

/** UDP, and what else has ports and nothing more that is judged here. */
export const onlyPorts = byOption(PORT_OPTIONS);

export const multiport = byOption({
  '--sports': ports('src'),
  '--source-ports': ports('src'),
  '--dports': ports('dst'),
  '--destination-ports': ports('dst'),
  '--ports': ports('either'),
});
