import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jsonSchemaText } from '../../../scripts/json-schema-text.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { KEYS } from '../../../src/config/structure/places.ts';

const written = readFileSync(new URL('../../../schema/seawall.schema.json', import.meta.url), 'utf8');
const schema = JSON.parse(written) as { properties: Record<string, unknown> };

test('the schema for editors is the one of the config', () => {
  expect(written).toBe(jsonSchemaText());
});

test('to editors the version is a number', () => {
  expect(schema.properties['version']).toMatchObject({ const: 1 });
});

test('the keys that messages speak of are those of the schema', () => {
  expect(KEYS['']).toEqual(Object.keys(configSchema.entries));
  const properties = JSON.stringify(schema.properties);
  for (const [place, keys] of Object.entries(KEYS)) {
    for (const key of keys) expect(properties, `${place}.${key}`).toContain(`"${key}":`);
  }
});

test('ports have the pattern that their reader accepts', () => {
  const pattern = /"pattern":\s*"(.*)"/.exec(written)?.[1] ?? '';
  const matches = (text: string): boolean => new RegExp(JSON.parse(`"${pattern}"`) as string).test(text);
  expect(['22/tcp', '8000-8010/udp', '443/TCP'].map(matches)).toEqual([true, true, true]);
  expect(['22', '022/tcp', 'tcp/22', '0/tcp', '22/sctp', '22/tcp '].map(matches)).toEqual(Array(6).fill(false));
});
