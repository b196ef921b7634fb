/**
 * A place in the config is named by the keys that lead there, with `*` for any entry of a list: `allow.*.from`.
 * These tables say what stands where, for messages; the schema decides.
 */

/** The keys of each mapping, in the order in which people expect them. */
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': ['version', 'trusted', 'public', 'allow', 'block', 'interfaces', 'log', 'docker', 'backend'],
  'allow.*': ['from', 'to', 'note'],
  interfaces: ['internal', 'external'],
  docker: ['swarm'],
  'trusted.*': ['file'],
  'block.*': ['file'],
  'allow.*.from.*': ['file'],
};

/** One entry as an example for each list. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  trusted: '192.0.2.1',
  public: '22/tcp',
  allow: '{from: [192.0.2.0/24], to: [9100/tcp]}',
  'allow.*.from': '192.0.2.0/24',
  'allow.*.to': '9100/tcp',
  block: '203.0.113.99',
  'interfaces.internal': 'wg0',
  'interfaces.external': 'eth0',
};

/** The mappings that are written out in full, as examples. */
export const SHAPES: Readonly<Record<string, string>> = {
  interfaces: 'interfaces: {internal: [wg0]}',
  docker: 'docker: {swarm: auto}',
  'allow.*': '- {from: [192.0.2.0/24], to: [9100/tcp], note: monitoring}',
};

/** What people write for our keys, from other tools and from habit. */
export const SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    trust: 'trusted',
    whitelist: 'trusted',
    allowlist: 'trusted',
    allowed: 'allow',
    rules: 'allow',
    ports: 'public',
    open: 'public',
    publish: 'public',
    deny: 'block',
    denied: 'block',
    drop: 'block',
    blacklist: 'block',
    blocklist: 'block',
    logging: 'log',
    engine: 'backend',
    source: 'from',
    sources: 'from',
    port: 'to',
    comment: 'note',
    description: 'note',
    path: 'file',
  }),
);

export type Path = readonly (string | number)[];

export const placeOf = (path: Path): string => path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
