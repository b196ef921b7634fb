import { isObject, listOf, objectOf, onlyKey, textOf, type Json, type JsonObject } from './json.ts';
import { printValue, printVerdict } from './print-values.ts';

/** A rule in nft's own words, without its counters. What has no words here is shown as JSON. */
export function printRule(statements: readonly Json[], comment: Json): string {
  const words = statements.map(printStatement);
  const note = textOf(comment);
  return (note === undefined ? words : [...words, `comment "${note}"`]).join(' ');
}

export function printStatement(statement: Json): string {
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
  ['mangle', ({ key, value }) => `${printValue(key)} set ${printValue(value)}`],
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

/** Who goes by links is quoted, as everything that somebody named. */
function printMatch({ op, left, right }: JsonObject): string {
  const bare = op === 'in' || (op === '==' && onlyKey(left)?.[0] !== '&');
  const way = bare ? '' : `${printValue(op)} `;
  const value = /^(?:[io]if(?:name)?|ct helper)$/.test(printValue(left)) ? quoted(right) : printValue(right);
  return `${printValue(left)} ${way}${value}`;
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

function printLimit({ rate, burst, per, inv }: JsonObject): string {
  const over = inv === true ? 'over ' : '';
  return `limit rate ${over}${printValue(rate)}/${printValue(per)}${burst === undefined ? '' : ` burst ${printValue(burst)} packets`}`;
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
  return `${printValue(op)} ${printValue(set)} { ${printValue(elem)}${timeout === undefined ? '' : ` timeout ${printValue(timeout)}s`}${statements.join('')} }`;
}
