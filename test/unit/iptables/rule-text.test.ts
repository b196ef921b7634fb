import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { protocolSpellings } from '../../../src/iptables/names.ts';
import { parseRule } from '../../../src/iptables/parse-rule.ts';
import { renderRule } from '../../../src/iptables/render-rule.ts';
import { splitWords } from '../../../src/iptables/tokens.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix.ts';
import type { Rule } from '../../../src/ruleset/match.ts';
import { ruleArb } from '../../support/rules-arb.ts';
import { patient, runs } from '../../support/runs.ts';

const NAMES = { sets: ['seawall-trusted4a', 'seawall-list6-0123456789ab'], chains: ['SEAWALL-HOST', 'SEAWALL-DENY'] };
const ruleOfFamily = fc
  .constantFrom(...FAMILIES)
  .chain((family) => fc.tuple(fc.constant(family), ruleArb(family, NAMES)));

const key = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));

/** The conditions of a rule have no order among them. */
const unordered = (rule: Rule | undefined) => rule && { ...rule, match: rule.match.map(key).toSorted() };

test('what is rendered is read back as it was', patient, () => {
  fc.assert(
    fc.property(ruleOfFamily, ([family, rule]) => {
      const text = renderRule(rule, family);
      const read = parseRule(text, family);
      expect(unordered(read)).toEqual(unordered(rule));
      expect(read && renderRule(read, family)).toBe(text);
    }),
    runs(400),
  );
});

/** The words of a rule without their order, and with one spelling for what the tools spell in several ways. */
function words(text: string, family: Family): string[] {
  const spelled = splitWords(text).map((word, at, all) => {
    const asPrefix = parsePrefix(word);
    if (['-s', '-d'].includes(all[at - 1] ?? '') && asPrefix.ok) return formatPrefix(asPrefix.value);
    if (all[at - 1] === '--ctstate') return word.split(',').toSorted().join(',');
    if (all[at - 1] !== '-p') return /^\d+(\/\w+)?$/.test(word) ? word.replaceAll(/\b0+(?=\d)/g, '') : word;
    const known = (['tcp', 'udp', 'icmp', 'igmp'] as const).find((name) =>
      protocolSpellings(name, family).includes(word),
    );
    return known ?? word;
  });
  const burst = spelled.includes('--limit') && !spelled.includes('--limit-burst') ? ['--limit-burst', '5'] : [];
  return [...spelled, ...burst].toSorted();
}

const STRANGE = [
  '!',
  '-m',
  'tcp',
  '--dport',
  '22',
  '-j',
  'ACCEPT',
  'MARK',
  '"',
  '-s',
  '10.0.0.0/8',
  'src,dst',
  '6',
  '',
  '-g',
];

/** A rule's text with words taken out, put in, doubled, moved or altered. */
const mutatedArb = fc
  .tuple(
    ruleOfFamily,
    fc.array(fc.tuple(fc.constantFrom('drop', 'add', 'double', 'move', 'alter'), fc.nat(20), fc.nat(20), fc.nat(200)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([[family, rule], changes]) => {
    const text = changes.reduce((all, [how, at, other, code]) => {
      const index = at % (all.length + 1);
      const word = all[index] ?? '';
      if (how === 'drop') return all.toSpliced(index, 1);
      if (how === 'double') return all.toSpliced(index, 0, word);
      if (how === 'move') return all.toSpliced(index, 1).toSpliced(other % (all.length + 1), 0, word);
      if (how === 'add') return all.toSpliced(index, 0, STRANGE[other % STRANGE.length] ?? '');
      return all.toSpliced(index, 1, `${word.slice(0, other % (word.length + 1))}${String.fromCodePoint(code)}`);
    }, renderRule(rule, family).split(' '));
    return [family, text.join(' ')] as const;
  });

describe('what is not wholly ours is not taken for ours', () => {
  test('a rule that is altered is read as just what it says, or not at all', patient, () => {
    fc.assert(
      fc.property(mutatedArb, ([family, text]) => {
        const rule = parseRule(text, family);
        if (rule) expect(words(renderRule(rule, family), family)).toEqual(words(text, family));
      }),
      runs(1000),
    );
  });

  test('no text makes it throw', patient, () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string()),
        fc.constantFrom(...FAMILIES),
        (text, family) => {
          parseRule(text, family);
        },
      ),
      runs(300),
    );
  });

  test.each<[Family, string]>([
    [4, ''],
    [4, '-j'],
    [4, '-j ACCEPT'],
    [4, '-j DOCKER-USER'],
    [4, '-g elsewhere'],
    [4, '-j LOG --log-prefix'],
    [4, '-j LOG --log-prefix "x" --log-level 7'],
    [4, '-j DROP -m comment --comment x'],
    [4, '-m comment --comment a -m comment --comment b -j DROP'],
    [4, '! -i eth0 -j DROP'],
    [4, '-p tcp -m tcp --dport 22 -j RETURN'],
    [4, '-p 41 -j RETURN'],
    [4, '-m conntrack --ctstate NEW -j DROP'],
    [4, '-m conntrack --ctstate RELATED,RELATED -j DROP'],
    [4, '-m conntrack ! --ctstate DNAT -j RETURN'],
    [4, '-m set --match-set s src,foo -j DROP'],
    [4, '-m set --match-set s src --return-nomatch -j DROP'],
    [4, '-p udp -m udp --sport 67:68 --dport 68 -j RETURN'],
    [4, '-p udp -m udp --sport 67 -j RETURN'],
    [4, '-m limit --limit 10/hour -j RETURN'],
    [4, '-m ttl --ttl-lt 5 -j RETURN'],
    [4, '-m hl --hl-eq 255 -j RETURN'],
    [4, '-s 10.0.0.1/24 -j RETURN'],
    [4, '-s fe80::/10 -j RETURN'],
    [4, '-d ff00::/8 -j RETURN'],
    [4, '-m addrtype ! --dst-type LOCAL,ANYCAST -j RETURN'],
    // Half of a condition is another condition.
    [6, '! -d ff00::/8 -j DROP'],
    [6, '-m addrtype ! --dst-type LOCAL,ANYCAST -j RETURN'],
    [6, '! -d ff00::/8 ! -d ff00::/8 -m addrtype ! --dst-type LOCAL,ANYCAST -j RETURN'],
    [6, '-m addrtype --dst-type UNICAST -j RETURN'],
    [6, '-s 10.0.0.0/8 -j RETURN'],
    [6, '-m ttl --ttl-eq 255 -j RETURN'],
  ])('IPv%i: %s', (family, text) => {
    expect(parseRule(text, family)).toBeUndefined();
  });
});

describe('what the tools print otherwise than we do is the same rule', () => {
  test.each<[Family, string, string]>([
    [4, '-p 6 -j DROP', '-p tcp -j DROP'],
    [4, '-p 2 -j RETURN', '-p igmp -j RETURN'],
    [6, '-p 58 -j DROP', '-p ipv6-icmp -j DROP'],
    [6, '-p icmpv6 -j DROP', '-p ipv6-icmp -j DROP'],
    [4, '-m conntrack ! --ctstate ESTABLISHED,RELATED -j DROP', '-m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP'],
    [4, '-m limit --limit 1/sec -j DROP', '-m limit --limit 1/sec --limit-burst 5 -j DROP'],
    [
      4,
      String.raw`-m comment --comment "it\'s \"so\" \\ so" -j DROP`,
      String.raw`-m comment --comment "it's \"so\" \\ so" -j DROP`,
    ],
    [4, '-m comment --comment "a.b" -j DROP', '-m comment --comment a.b -j DROP'],
  ])('IPv%i: %s', (family, printed, ours) => {
    const rule = parseRule(printed, family);
    expect(rule && renderRule(rule, family)).toBe(ours);
  });
});
