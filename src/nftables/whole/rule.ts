import type { Condition } from '../../ruleset/condition.ts';
import type { Counters, FilterRule, PacketChange, RuleAction } from '../../ruleset/netfilter.ts';
import { fieldOf, needsOf, protocolIs } from './fields.ts';
import { readMangle, valueNeeds } from './mangle.ts';
import { natAction, type Chosen } from './nat.ts';
import type { Maps } from './maps.ts';
import { listOf, objectOf, onlyKey, type Json, type JsonObject } from './json.ts';
import { matchConditions, type Place } from './match.ts';
import { openCondition } from './plain.ts';
import { printRule, printStatement } from './print.ts';
import { verdictOf } from './verdicts.ts';

/** Reads one rule of `nft -j`. Whatever is not understood is `open`. */
export function readRule(rule: JsonObject, place: Place, maps: Maps): FilterRule {
  const statements = listOf(rule['expr']);
  const reading = new RuleReading(place, maps);
  for (const statement of statements) reading.take(statement);
  return reading.finish(printRule(statements, rule['comment']));
}

/** They write, count or remember; then the rule goes on. */
const GO_ON = new Set([
  'log',
  'last',
  'dup',
  'ct helper',
  'ct timeout',
  'ct expectation',
  'secmark',
  'comment',
  'counter',
]);
/** They let some packets on and others not, as they come. */
const GATES = new Set(['limit', 'quota', 'ct count', 'connlimit', 'meter']);
/** They end the packet's way, or hand it to somebody who may. */
const TAKERS = new Set(['queue', 'fwd', 'synproxy', 'tproxy']);
/** Without room for one more they end the rule. */
const FILLERS = new Set(['set', 'map', 'flow']);

class RuleReading {
  readonly #place: Place;
  readonly #maps: Maps;
  readonly #conditions: Condition[] = [];
  /** Hold only for what comes behind them. */
  readonly #pending: Condition[] = [];
  #also: PacketChange[] = [];
  #action: RuleAction | undefined;
  #counters: Counters | undefined;

  constructor(place: Place, maps: Maps) {
    this.#place = place;
    this.#maps = maps;
  }

  take(statement: Json): void {
    const [kind, inner] = onlyKey(statement) ?? [''];
    const object = objectOf(inner);
    const text = printStatement(statement);
    if (kind === 'counter') this.#counters ??= countersOf(object);
    if (GO_ON.has(kind)) return;
    if (kind === 'match') this.#ask(matchConditions(object, this.#place, text));
    else if (GATES.has(kind)) this.#ask([openCondition(text)]);
    else if (FILLERS.has(kind)) this.#fill(object, text);
    else if (kind === 'mangle') this.#change(object, text);
    else if (kind === 'notrack') this.#also.push({ kind: 'notrack' });
    else this.#act(kind, inner, text);
  }

  /** A change that came before has happened whether or not what follows holds. */
  #ask(conditions: readonly Condition[]): void {
    const changed = conditions.length > 0 && this.#also.length > 0;
    for (const each of conditions) {
      const known = portsKnown(this.#conditions, each);
      this.#conditions.push(changed ? afterChange(known) : known);
    }
    if (changed) this.#also = this.#also.map(perhaps);
  }

  #fill(object: JsonObject, text: string): void {
    (object['stmt'] === undefined ? this.#pending : this.#conditions).push(openCondition(text));
  }

  #change(object: JsonObject, text: string): void {
    const value = valueNeeds(object['value'], text);
    this.#ask([...needsOf(fieldOf(object['key']), text).filter(({ kind }) => kind !== 'state'), ...value.needs]);
    if (value.mayEnd) this.#pending.push(openCondition(text));
    const change = readMangle(object);
    if (change === 'rewrites') this.#end({ kind: 'open', what: text, rewrites: true });
    else if (change !== undefined) this.#also.push(change);
  }

  #act(kind: string, inner: Json, text: string): void {
    const verdict = verdictOf(kind, inner);
    if (verdict) {
      this.#ask(rejectNeeds(objectOf(inner), text));
      if (objectOf(inner)['type'] === 'tcp reset' && !this.#hasFamily()) this.#ask([openCondition(UNPRINTED)]);
      return this.#end(verdict);
    }
    if (kind === 'vmap') return this.#choose(this.#maps.choose(objectOf(inner), this.#place, text));
    if (TAKERS.has(kind))
      return this.#end({ kind: 'open', what: text, ...(kind === 'tproxy' ? { rewrites: true as const } : {}) });
    const nat = natAction(kind, objectOf(inner), (map, use) => this.#maps.chooseBy(map, this.#place, text, use));
    if (nat === undefined) return this.#unknown(text);
    this.#ask(familyNeeded(objectOf(inner)['family'], text));
    return 'needs' in nat ? this.#choose(nat) : this.#end(nat);
  }

  #choose({ needs, action }: Chosen): void {
    this.#ask(needs);
    if (action.kind !== 'choose') return this.#end(action);
    const cases = action.cases.map((each) => ({ ...each, when: portsKnown(this.#conditions, each.when) }));
    return this.#end({ kind: 'choose', cases });
  }

  /** It may be a question or an act: `xt` of iptables' own, or what newer versions have. */
  #unknown(text: string): void {
    this.#conditions.push(openCondition(text));
    this.#also.push(markOpen('packet'), markOpen('connection'));
    this.#end({ kind: 'open', what: text, rewrites: true });
  }

  /** Whether it is sure for which families the rule is meant. */
  #hasFamily(): boolean {
    return /^ip6? /.test(this.#place.table) || this.#conditions.some(({ kind }) => kind === 'family');
  }

  /** An unknown act in front of another leaves the whole open. */
  #end(action: RuleAction): void {
    this.#action = this.#action?.kind === 'open' ? this.#action : action;
  }

  finish(text: string): FilterRule {
    const action = this.#action ?? { kind: 'continue' };
    const conditions = this.#action === undefined ? this.#conditions : [...this.#conditions, ...this.#pending];
    const rule = { text, conditions, action };
    const also = this.#also.length === 0 ? rule : { ...rule, also: this.#also };
    return this.#counters ? { ...also, counters: this.#counters } : also;
  }
}

const ALL_BITS = 0xffff_ffff;
const markOpen = (of: 'packet' | 'connection'): PacketChange => ({ kind: 'mark', of, mask: ALL_BITS });

const countersOf = ({ packets, bytes }: JsonObject): Counters | undefined =>
  typeof packets === 'number' && typeof bytes === 'number' ? { packets, bytes } : undefined;

/** Before `reject with tcp reset` nft swallows `meta nfproto ipv4`: the rule may be for one of them alone. */
const UNPRINTED = 'reject with tcp reset, of IPv4 or IPv6 alone maybe';

/** What nft asks before a reject of a kind, and doesn't print. */
function rejectNeeds({ type }: JsonObject, text: string): Condition[] {
  if (type === 'icmp' || type === 'icmpv6') return [{ kind: 'family', family: type === 'icmp' ? 4 : 6, text }];
  return type === 'tcp reset' ? [protocolIs(6, text)] : [];
}

/** `dnat ip to` leaves IPv6 packets alone. */
const familyNeeded = (family: Json, text: string): Condition[] =>
  family === 'ip' || family === 'ip6' ? [{ kind: 'family', family: family === 'ip' ? 4 : 6, text }] : [];

/** Of a change that may have happened. */
const perhaps = (change: PacketChange): PacketChange =>
  change.kind === 'mark' ? { kind: 'mark', of: change.of, mask: ALL_BITS } : change;

/** A mark that was just set is not the one that is asked elsewhere. */
const afterChange = (condition: Condition): Condition =>
  condition.kind === 'mark' || condition.kind === 'state' ? openCondition(condition.text) : condition;

const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/** `th dport` reads those bytes of any protocol, if none of the conditions before says which. */
function portsKnown(before: readonly Condition[], condition: Condition): Condition {
  if (condition.kind !== 'port' || before.some(bringsPorts)) return condition;
  return openCondition(condition.text);
}

const bringsPorts = (condition: Condition): boolean =>
  condition.kind === 'protocol' &&
  condition.not !== true &&
  condition.protocols.every(({ first, last }) => first === last && WITH_PORTS.has(first));
