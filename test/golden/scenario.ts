import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A scenario's input; what follows from it stands behind, in sections of their own. */
export interface Scenario {
  readonly about: string;
  readonly config: string;
  readonly facts: string;
}

export interface Outcome {
  readonly notes: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

const HEAD = /^=== (config|facts|notes|IPv4|IPv6)$/m;

export function parseScenario(text: string): Scenario {
  const [about = '', ...parts] = text.split(HEAD);
  const sections = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) sections.set(parts[at] ?? '', (parts[at + 1] ?? '').replace(/^\n/, ''));
  return { about, config: sections.get('config') ?? '', facts: sections.get('facts') ?? '' };
}

export function scenarioText({ about, config, facts }: Scenario, { notes, ipv4, ipv6 }: Outcome): string {
  const sections = { config, facts, notes, IPv4: ipv4, IPv6: ipv6 };
  return (
    about +
    Object.entries(sections)
      .map(([name, body]) => `=== ${name}\n${body}`)
      .join('')
  );
}

const FOLDER = join(import.meta.dirname, 'scenarios');

/** Name and file of every scenario. */
export const scenarioPaths = (): [name: string, path: string][] =>
  readdirSync(FOLDER).map((name) => [name.replace(/\.txt$/, ''), join(FOLDER, name)]);
