import type { Command } from './command.ts';

/** Every command, in the order of help; each is loaded only when it is called or described. */
export const COMMANDS: readonly { readonly name: string; readonly load: () => Promise<Command> }[] = [
  { name: 'init', load: async () => (await import('./commands/init.ts')).init },
  { name: 'plan', load: async () => (await import('./commands/plan.ts')).plan },
  { name: 'apply', load: async () => (await import('./commands/apply.ts')).apply },
  { name: 'confirm', load: async () => (await import('./commands/confirm.ts')).confirm },
  { name: 'rollback', load: async () => (await import('./commands/rollback.ts')).rollback },
  { name: 'history', load: async () => (await import('./commands/history.ts')).history },
  { name: 'status', load: async () => (await import('./commands/status.ts')).status },
  { name: 'trust', load: async () => (await import('./commands/lists.ts')).trust },
  { name: 'block', load: async () => (await import('./commands/lists.ts')).block },
  { name: 'public', load: async () => (await import('./commands/lists.ts')).publicPorts },
  { name: 'audit', load: async () => (await import('./commands/audit.ts')).audit },
  { name: 'explain', load: async () => (await import('./commands/explain.ts')).explain },
  { name: 'matrix', load: async () => (await import('./commands/matrix.ts')).matrix },
  { name: 'diff', load: async () => (await import('./commands/diff.ts')).diff },
  { name: 'denied', load: async () => (await import('./commands/denied.ts')).denied },
  { name: 'collect', load: async () => (await import('./commands/collect.ts')).collect },
  { name: 'export', load: async () => (await import('./commands/export.ts')).exportRules },
  { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).doctor },
  { name: 'down', load: async () => (await import('./commands/down.ts')).down },
  { name: 'completion', load: async () => (await import('./commands/completion.ts')).completion },
];
