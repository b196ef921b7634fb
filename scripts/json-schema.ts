/**
 * Writes schema/seawall.schema.json, which editors check and complete the config with, from src/config/schema.ts:
 *
 *   npx esbuild scripts/json-schema.ts --bundle --platform=node --format=esm --outfile=dist/json-schema.mjs
 *   node dist/json-schema.mjs schema/seawall.schema.json
 *
 * Without a file it writes to standard output.
 */
import { writeFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { jsonSchemaText } from './json-schema-text.ts';

const [, , file] = argv;
if (file === undefined) stdout.write(jsonSchemaText());
else writeFileSync(file, jsonSchemaText());
