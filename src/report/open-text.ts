import { opennessOf } from '../plan/openness.ts';
import { counted } from './text.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';

const SHOWN_PORTS = 8;

/** Who reaches what under these rules, in half a sentence. */
export function openText(ruleset: Ruleset): string {
  const { trusted, public: ports } = opennessOf(ruleset);
  const more = ports.length > SHOWN_PORTS ? ` and ${ports.length - SHOWN_PORTS} more` : '';
  const open = ports.length === 0 ? 'nothing' : `${ports.slice(0, SHOWN_PORTS).join(', ')}${more}`;
  return `${counted(trusted, 'trusted prefix', 'trusted prefixes')} ${trusted === 1 ? 'reaches' : 'reach'} everything, everyone else ${open}`;
}
