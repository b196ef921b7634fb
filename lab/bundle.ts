import { join } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from './repository.ts';

/** The lab's programs that run in other namespaces, each one plain file for `node`. */
export interface Programs {
  readonly agent: string;
  readonly service: string;
}

/** Bundles the programs into `dir`. */
export async function bundlePrograms(dir: string): Promise<Programs> {
  const sources = join(repositoryRoot(), 'lab/agent');
  await build({
    entryPoints: { agent: join(sources, 'main.ts'), service: join(sources, 'service.ts') },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  });
  return { agent: join(dir, 'agent.mjs'), service: join(dir, 'service.mjs') };
}
