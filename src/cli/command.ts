import type { Effects } from '../effects/types.ts';
import type { Connection } from '../live/sessions.ts';
import type { Colours } from '../report/colours.ts';

/** An option of a command. Without `value` it is a switch. */
export interface Option {
  readonly name: string;
  /** The letter that stands for it: `m` for `-m`. */
  readonly short?: string;
  /** The placeholder of its value, as help shows it: `FILE`. */
  readonly value?: string;
  readonly summary: string;
}

/** Everything about a command but its work: enough for help, completion and the man page. */
export interface CommandInfo {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** The words after `seawall`, one line a form. */
  readonly usage: readonly string[];
  /** What it does and what to know, in paragraphs. */
  readonly details: readonly string[];
  readonly options: readonly Option[];
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Words that may follow, for completion. */
  readonly words?: readonly string[];
}

export interface Command extends CommandInfo {
  run(context: Context, call: Call): Promise<ExitCode>;
}

/** 0 done or nothing to say; 1 error; 2 differences or findings; 3 refused by a safety guard; 4 rolled back. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** How a command was called. */
export interface Call {
  readonly words: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly value: (name: string) => string | undefined;
}

/** What a command may use. */
export interface Context {
  /** All commands there are. */
  readonly commands: () => Promise<readonly CommandInfo[]>;
  readonly effects: Effects;
  readonly configPath: string;
  readonly stateDir: string;
  readonly json: boolean;
  readonly colours: Colours;
  /** Results, to standard output. */
  readonly print: (text: string) => void;
  /** What a person wants to know while it works; silent with `--quiet` or `--json`. To standard error. */
  readonly tell: (text: string) => void;
  /** A yes or no from the person at the terminal; undefined where there is none. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  /** The user who runs it, also behind sudo. */
  readonly who: string;
  /** The SSH session that this runs in: from where, to which port. */
  readonly ssh: Connection | undefined;
}
