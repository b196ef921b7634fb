import { toJsonSchema } from '@valibot/to-json-schema';
import { configSchema, portText, versionText } from '../src/config/schema.ts';

/** Ports are text to the config's schema, since their reader explains faults better; editors have only the pattern. */
const PORT_PATTERN = '^[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?/([Tt][Cc][Pp]|[Uu][Dd][Pp])$';

/** The JSON Schema of the config file. Programs that read it take YAML's core schema, where `version: 1` is a number. */
export function jsonSchemaText(): string {
  const schema = toJsonSchema(configSchema, {
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      if (valibotSchema === versionText) return { ...jsonSchema, const: 1 };
      return valibotSchema === portText ? { ...jsonSchema, pattern: PORT_PATTERN } : undefined;
    },
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
