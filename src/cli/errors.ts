import { Failure } from '../effects/failure.ts';
import { makeColours, print, tell } from './terminal.ts';

/** An expected failure: what happened and the way out. */
export function showFailure(failure: Failure, json: boolean): number {
  const { red, bold } = makeColours(2);
  if (json)
    print(
      `${JSON.stringify({ schemaVersion: 1, error: { message: failure.message, hint: failure.hint } }, null, 2)}\n`,
    );
  else
    tell(
      `${red(bold('seawall:'))} ${failure.message}\n${failure.hint === '' ? '' : `  ${bold('→')} ${failure.hint}\n`}`,
    );
  return failure.exitCode;
}

/** A file that can't be read or written, a full disk: the machine's answer, not a mistake of the program. */
export function systemFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { path, code, syscall } = error as NodeJS.ErrnoException;
  if (path === undefined && code !== 'ENOSPC') return undefined;
  const where = path === undefined ? '' : ` ${path}`;
  const said = error.message.replace(/^[A-Z0-9]+: /, '').replace(/,.*$/s, '');
  return new Failure(`can't ${syscall ?? 'use'}${where}: ${said}`, '', { cause: error });
}

/** Anything else is a mistake of the program; the kernel and the files are safe, for every change of them is whole. */
export function showBug(error: unknown): number {
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(
    `seawall: this is a bug in Seawall, not in what you did.\n${shown}\n  → please report it with the lines above\n`,
  );
  return 1;
}
