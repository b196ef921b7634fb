import { describeFault } from '../../net/fault.ts';
import { parsePrefix, type Prefix } from '../../net/prefix.ts';
import { addressFinding, looksLikeAddress } from './address-text.ts';
import { readFilePath } from './file-path.ts';
import { isHostName, nameFinding, nameFindings } from './host-name.ts';
import type { Source } from '../model.ts';
import { errorOf, type Finding } from '../problems/problem-list.ts';
import { quoted } from '../problems/quoted.ts';
import { everyoneFinding, type Role } from './everyone.ts';
import { specialFindings } from './special.ts';

type WithoutAt<T> = T extends unknown ? Omit<T, 'at'> : never;
export type SourceValue = WithoutAt<Source>;

export interface SourceReading {
  /** Absent where there is an error. */
  readonly value?: SourceValue;
  readonly findings: readonly Finding[];
}

/** What people write when they mean the whole internet. */
const EVERYONE = /^(?:any|all|everyone|everybody|anyone|anybody|anywhere|internet|world|public|0+(?:\.0+)*\/0+)$/i;

/** Reads an address, a prefix or a host name, as it stands in a list of this role. */
export function readSource(text: string, role: Role): SourceReading {
  if (EVERYONE.test(text)) return { findings: [everyoneFinding(quoted(text), role)] };
  const parsed = parsePrefix(text);
  if (parsed.ok) return readPrefixSource(parsed.value, text, role);
  if (parsed.fault === 'empty')
    return { findings: [errorOf('empty', `the entry ${describeFault('empty')}`, 'delete it')] };
  if (looksLikeAddress(text, parsed.fault)) return { findings: [addressFinding(text, parsed)] };
  return readName(text, role);
}

function readPrefixSource(prefix: Prefix, text: string, role: Role): SourceReading {
  const findings = specialFindings(prefix, text, role);
  return withFindings({ kind: 'prefix', prefix }, findings);
}

function readName(text: string, role: Role): SourceReading {
  if (!isHostName(text)) return { findings: [nameFinding(text)] };
  if (role !== 'block')
    return withFindings({ kind: 'name', name: text.toLowerCase().replace(/\.$/, '') }, nameFindings(text));
  const message = `${quoted(text)} is a name: whoever runs its zone could say which addresses are blocked`;
  return { findings: [errorOf('name-in-block', message, 'write the addresses themselves, or {file: …} with them')] };
}

/** Reads the path of `{file: …}`. */
export function readFile(path: string): SourceReading {
  const finding = readFilePath(path);
  return finding === undefined ? { value: { kind: 'file', path }, findings: [] } : { findings: [finding] };
}

const withFindings = (value: SourceValue, findings: readonly Finding[]): SourceReading =>
  findings.some(({ severity }) => severity === 'error') ? { findings } : { value, findings };
