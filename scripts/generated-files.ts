import { COMMANDS } from '../src/cli/registry.ts';
import { completionScript, SHELLS } from '../src/report/completion.ts';
import { manPage } from '../src/report/man.ts';
import { toCompletion } from '../src/cli/commands/completion.ts';
import { ENVIRONMENT, EXIT_CODES, GLOBAL_OPTIONS } from '../src/cli/globals.ts';
import { jsonSchemaText } from './json-schema-text.ts';

/** Path and content of every committed file that is made from the source. */
export async function generatedFiles(): Promise<{ path: string; content: string }[]> {
  const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
  const completed = commands.map(toCompletion);
  return [
    {
      path: 'packaging/man/seawall.8',
      content: manPage({ commands, options: GLOBAL_OPTIONS, environment: ENVIRONMENT, exitCodes: EXIT_CODES }),
    },
    ...SHELLS.map((shell) => ({
      path: `packaging/completion/seawall.${shell}`,
      content: completionScript(shell, completed),
    })),
    { path: 'schema/seawall.schema.json', content: jsonSchemaText() },
  ];
}
