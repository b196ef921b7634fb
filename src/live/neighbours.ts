import type { Effects } from '../effects/types.ts';
import { VARIANT_NAMES, type Variant } from '../iptables/names.ts';
import { ownPart, parseSave } from '../iptables/save.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { type Finding, ok, warning } from './checkup.ts';
import { readEarlyChains } from './early-chains.ts';
import { saveTool, usesLegacy, variantOf } from './variants.ts';

type Exec = Pick<Effects, 'exec'>;
type WithFiles = Pick<Effects, 'exec' | 'files'>;

const VARIANTS: readonly Variant[] = ['legacy', 'nft'];

/** What stands in one variant of iptables, both IP versions together. */
interface VariantRules {
  readonly variant: Variant;
  readonly installed: boolean;
  readonly rules: number;
  readonly own: boolean;
}

/** Rules in both variants of iptables are both in force, and each tool shows only its own. */
export async function checkVariants({ exec, files }: WithFiles): Promise<Finding> {
  const [saved, [legacy, nft], inUse] = await Promise.all([
    exec({ file: 'iptables-save', args: [] }),
    Promise.all(VARIANTS.map((variant) => readVariant({ exec }, variant))) as Promise<[VariantRules, VariantRules]>,
    Promise.all(FAMILIES.map((family) => usesLegacy({ files }, family))),
  ]);
  if (!legacy.installed && inUse.includes(true)) return UNSEEN;
  return ownInOther(variantOf(saved.stdout.toString()), legacy, nft) ?? othersInBoth(legacy, nft);
}

const UNSEEN = warning(
  'variants',
  'legacy iptables has a mangle table here, but iptables-legacy-save is not installed: what stands there is in force and can’t be seen',
  'install it (apt-get install iptables), then look again',
);

async function readVariant({ exec }: Exec, variant: Variant): Promise<VariantRules> {
  const outputs = await Promise.all(FAMILIES.map((family) => exec({ file: saveTool(family, variant), args: [] })));
  const texts = outputs.map(({ outcome, stdout }) => (outcome === 'exited' ? stdout.toString() : ''));
  return {
    variant,
    installed: outputs.some(({ outcome }) => outcome === 'exited'),
    rules: texts.reduce((sum, text) => sum + text.split('\n').filter((line) => line.startsWith('-A ')).length, 0),
    own: texts.some((text, index) => ownPart(parseSave(text), FAMILIES[index] ?? 4).chains.size > 0),
  };
}

function ownInOther(own: Variant | undefined, legacy: VariantRules, nft: VariantRules): Finding | undefined {
  const other = [legacy, nft].find(({ variant }) => variant !== own);
  if (own === undefined || other?.own !== true) return undefined;
  const [here, there] = [VARIANT_NAMES[own], VARIANT_NAMES[other.variant]];
  if (legacy.own && nft.own)
    return warning(
      'variants',
      `rules of Seawall stand in ${there} too, though iptables is ${here} now: only what both let pass gets through`,
      `seawall apply removes those in ${there}`,
    );
  return warning(
    'variants',
    `iptables is ${here} now, but the rules of Seawall stand in ${there}: they are in force, and nothing that looks here sees them`,
    `seawall apply stands them up here, and then removes those in ${there}`,
  );
}

function othersInBoth(legacy: VariantRules, nft: VariantRules): Finding {
  if (legacy.rules === 0 || nft.rules === 0) return ok('variants', 'rules stand in one variant of iptables only');
  return warning(
    'variants',
    `rules stand in both: ${legacy.rules} in legacy iptables, ${nft.rules} in the nft variant`,
    'both are in force; see iptables-legacy-save and iptables-nft-save, and keep one (update-alternatives --config iptables)',
  );
}

const OTHER_FIREWALLS = [
  ['ufw', /^:ufw6?-/m],
  ['firewalld', /^:(IN_public|INPUT_ZONES)/m],
  ['fail2ban', /^:f2b-/m],
  ['kube-proxy', /^:KUBE-/m],
] as const;

/** What sees packets before Seawall does, and who judges them besides. */
export async function checkNeighbours({ exec }: Exec): Promise<Finding[]> {
  // Of all tables: asked for one that isn't there, legacy iptables makes it.
  const [outputs, { drops, tables }] = await Promise.all([
    Promise.all(FAMILIES.map((family) => exec({ file: saveTool(family), args: [] }))),
    readEarlyChains({ exec }),
  ]);
  const saved = outputs.map(({ stdout }) => stdout.toString());
  const early = FAMILIES.flatMap((family, index) => rulesBefore(saved[index] ?? '', family));
  const all = `${saved.join('')}${tables.includes('firewalld') ? '\n:INPUT_ZONES' : ''}`;
  return [
    early.length === 0
      ? ok('order', 'nothing in the mangle table stands before Seawall')
      : warning(
          'order',
          `before Seawall: ${early.join('; ')}. What is accepted there passes Seawall by, what is dropped there never comes to it`,
          'seawall apply puts its own first; if they come back, have their owner start before Seawall, or take them out of his rules',
        ),
    ...drops.map((chain) =>
      warning(
        'nftables',
        `${chain} drops packets before Seawall sees them, those of the trusted too`,
        'if that isn’t meant, give the chain a priority above -150, so that it comes after Seawall',
      ),
    ),
    ...OTHER_FIREWALLS.filter(([, mark]) => mark.test(all)).map(([name]) =>
      ok(name, 'has rules here: it keeps its say on what Seawall lets pass, so that has to be open in both'),
    ),
  ];
}

/** Rules of the mangle table in front of the own jump. */
function rulesBefore(saved: string, family: Family): string[] {
  const { hooks } = ownPart(parseSave(saved), family);
  return hooks.flatMap(({ point, position, behind = [] }) => {
    const chain = `${family === 4 ? '' : 'IPv6 '}${point.toUpperCase()}`;
    const more = position - 1 - behind.length;
    const foreign = behind.filter((rule) => !rule.includes(' SEAWALL-')).map((rule) => `${chain}: ${rule}`);
    return more > 0 ? [...foreign, `${chain}: ${more} more`] : foreign;
  });
}
