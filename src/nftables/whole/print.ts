import { isObject, listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { printValue, printVerdict } from './print-values.ts';

/** A rule in nft's own words, without its counters. What has no words here is shown as JSON. */
export function printRule(statements: readonly Json[], comment: Json): string {
  const words = statements.map(printStatement);
  const note = textOf(comment);
  return (note === undefined ? words : [...words, `comment "${note}"`]).join(' ');
}

export function printStatement(statement: Json): string {
  if (isObject(statement) && typeof statement['ct helper'] === 'string')
    return `ct helper set "${statement['ct helper']}"`;
  const [kind, inner] = onlyKey(statement) ?? [''];
  const object = objectOf(inner);
  return (
    PRINTERS.get(kind)?.(object) ??
    (inner === null || isObject(object['target']) ? printVerdict(statement) : other(kind, statement, object))
  );
}

const other = (kind: string, statement: Json, object: JsonObject): string =>
  textOf(object['target']) === undefined
    ? `${kind === '' ? '' : `${kind} `}${JSON.stringify(objectOf(statement)[kind] ?? statement)}`
    : printVerdict(statement);

const PRINTERS: ReadonlyMap<string, (inner: JsonObject) => string> = new Map<string, (inner: JsonObject) => string>([
  ['match', printMatch],
  ['counter', () => 'counter'],
  ['vmap', ({ key, data }) => `${printValue(key)} vmap ${printValue(data)}`],
  [
    'mangle',
    ({ key, value }) =>
      `${printValue(key)} set ${printValue(key).endsWith(' mark') ? printMarks(value) : printValue(value)}`,
  ],
  ['log', printLog],
  ['limit', printLimit],
  ['reject', printReject],
  ['dnat', (inner) => `dnat ${printNat(inner)}`],
  ['snat', (inner) => `snat ${printNat(inner)}`],
  ['masquerade', (inner) => ['masquerade', printNat(inner)].filter(Boolean).join(' ')],
  ['redirect', (inner) => ['redirect', printNat(inner)].filter(Boolean).join(' ')],
  ['ct count', ({ val, inv }) => `ct count ${inv === true ? 'over ' : ''}${printValue(val)}`],
  [
    'quota',
    ({ val, val_unit: unit, inv }) => `quota ${inv === true ? 'over ' : ''}${printValue(val)} ${printValue(unit)}`,
  ],
  ['set', printSet],
]);

/** Who goes by links is quoted, as everything that somebody named; marks are hexadecimal. */
function printMatch({ op, left, right }: JsonObject): string {
  const field = printValue(left);
  const [kind, inner] = onlyKey(left) ?? [''];
  const flags = kind === '&' && Array.isArray(inner) && printValue(inner[0]) === 'tcp flags' ? inner[1] : undefined;
  if (flags !== undefined)
    return `tcp flags ${op === '==' ? '' : `${printValue(op)} `}${printValue(right)} / ${printValue(flags)}`;
  const alone = (field === 'tcp flags' && typeof right === 'string') || kind === '&';
  const way = op === 'in' || (op === '==' && !alone) ? '' : `${printValue(op)} `;
  if (/^(?:meta|ct) mark/.test(field)) return `${printMarks(left)} ${way}${printMarks(right)}`;
  return `${field} ${way}${/^(?:[io]if(?:name)?|ct helper)$/.test(field) ? quoted(right) : printValue(right)}`;
}

/** Numbers as marks are printed. */
function printMarks(value: Json): string {
  if (typeof value === 'number') return `0x${value.toString(16).padStart(8, '0')}`;
  const [kind, inner] = onlyKey(value) ?? [''];
  if (kind === 'set') return `{ ${listOf(inner).map(printMarks).join(', ')} }`;
  const between = new Map([
    ['range', '-'],
    ['&', ' & '],
    ['|', ' | '],
    ['^', ' ^ '],
  ]).get(kind);
  return between === undefined ? printValue(value) : listOf(inner).map(printMarks).join(between);
}

function quoted(value: Json): string {
  if (typeof value === 'string') return value.startsWith('@') ? value : `"${value}"`;
  const [kind, inner] = onlyKey(value) ?? [''];
  return kind === 'set' ? `{ ${listOf(inner).map(quoted).join(', ')} }` : printValue(value);
}

function printLog({ prefix, group, level, flags }: JsonObject): string {
  const words = [
    prefix === undefined ? '' : `prefix "${printValue(prefix)}"`,
    group === undefined ? '' : `group ${printValue(group)}`,
    level === undefined ? '' : `level ${printValue(level)}`,
    flags === undefined ? '' : `flags ${printValue(flags)}`,
  ];
  return ['log', ...words.filter(Boolean)].join(' ');
}

const USUAL_BURST = 5;

function printLimit({ rate, burst, per, inv }: JsonObject): string {
  const over = inv === true ? 'over ' : '';
  return `limit rate ${over}${printValue(rate)}/${printValue(per)}${burst === undefined || burst === USUAL_BURST ? '' : ` burst ${printValue(burst)} packets`}`;
}

function printReject({ type, expr }: JsonObject): string {
  if (type === undefined || (type === 'icmpx' && expr === 'port-unreachable')) return 'reject';
  return `reject with ${[type, expr]
    .filter((part) => part !== undefined)
    .map(printValue)
    .join(' ')}`;
}

function printNat({ family, addr, port, flags }: JsonObject): string {
  const address = addr === undefined ? '' : printValue(addr);
  const bracketed = address.includes(':') && port !== undefined ? `[${address}]` : address;
  const place = `${bracketed}${port === undefined ? '' : `:${printValue(port)}`}`;
  const words = [
    family === undefined ? '' : printValue(family),
    place === '' ? '' : `to ${place}`,
    printValue(flags ?? []),
  ];
  return words.filter(Boolean).join(' ');
}

function printSet({ op, elem, set, stmt }: JsonObject): string {
  const statements = listOf(stmt).map((each) => ` ${printStatement(each)}`);
  const timeout = objectOf(objectOf(elem)['elem'])['timeout'];
  return `${printValue(op)} ${printValue(set)} { ${printValue(elem)}${timeout === undefined ? '' : ` timeout ${printDuration(timeout)}`}${statements.join('')} }`;
}

/** Seconds as `1d2h3m4s`. */
function printDuration(seconds: Json): string {
  if (typeof seconds !== 'number') return printValue(seconds);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('') || '0s';
}
