export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell has to know of a command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly string[];
  readonly options: readonly { readonly name: string; readonly summary: string; readonly takesValue: boolean }[];
}

/** The completion script of a shell. Names hold letters and dashes only; summaries are quoted for the shell. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const choices = ({ words, options }: CompletedCommand): string =>
  [...words, ...options.map(({ name }) => `--${name}`)].join(' ');

const bash = (commands: readonly CompletedCommand[]): string => `# bash completion for seawall
_seawall() {
  local word=\${COMP_WORDS[COMP_CWORD]} words
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    --config) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --state-dir | --output) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  if ((COMP_CWORD == 1)); then
    words='${commands.map(({ name }) => name).join(' ')} --help --version'
  else
    case \${COMP_WORDS[1]} in
${commands.map((command) => `      ${command.name}) words='${choices(command)}' ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _seawall seawall
`;

const zsh = (commands: readonly CompletedCommand[]): string => `#compdef seawall
_seawall() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $words[2] in
${commands.map((command) => `    ${command.name}) compadd -- ${choices(command)} ;;`).join('\n')}
  esac
}
_seawall "$@"
`;

const fish = (commands: readonly CompletedCommand[]): string =>
  `# fish completion for seawall
complete -c seawall -f
${commands.flatMap(fishLines).join('\n')}
`;

function fishLines({ name, summary, words, options }: CompletedCommand): string[] {
  const inside = `-n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c seawall -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...words.map((word) => `complete -c seawall ${inside} -a ${word}`),
    ...options.map(
      (option) =>
        `complete -c seawall ${inside} -l ${option.name}${option.takesValue ? ' -r -F' : ''} -d ${quoted(option.summary)}`,
    ),
  ];
}
