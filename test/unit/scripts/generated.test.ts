import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedFiles } from '../../../scripts/generated-files.ts';

test.each(await generatedFiles())(
  '$path is what the source makes of it (renew: npm run generate)',
  ({ path, content }) => {
    expect(readFileSync(path, 'utf8')).toBe(content);
  },
);
