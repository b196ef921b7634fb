interface ManOption {
  readonly name: string;
  readonly value?: string;
  readonly summary: string;
}

interface ManCommand {
  readonly summary: string;
  readonly usage: readonly string[];
  readonly details: readonly string[];
  readonly options: readonly ManOption[];
  readonly examples: readonly (readonly [string, string])[];
}

/** What the man page is made from. */
export interface Manual {
  readonly commands: readonly ManCommand[];
  readonly options: readonly ManOption[];
  readonly environment: readonly (readonly [string, string])[];
  readonly exitCodes: readonly (readonly [number, string])[];
}

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/seawall/seawall.yaml', 'who may reach what'],
  ['/var/lib/seawall', 'state: what the next boot loads, what names and Docker last said'],
];

/** The man page in roff, section 8. */
export function manPage({ commands, options, environment, exitCodes }: Manual): string {
  return [
    '.TH SEAWALL 8 "" "Seawall" "System Administration"',
    '.SH NAME',
    String.raw`seawall \- the firewall for machines that run Docker`,
    '.SH SYNOPSIS',
    '.B seawall',
    String.raw`\fICOMMAND\fR [\fIOPTIONS\fR]`,
    '.SH DESCRIPTION',
    'Seawall closes a machine that runs Docker: trusted addresses reach everything, everyone else only public ports,',
    'on IPv4 and IPv6 alike. Docker and the firewall may each restart at any time.',
    '.SH COMMANDS',
    ...commands.flatMap(commandText),
    '.SH OPTIONS OF EVERY COMMAND',
    ...options.flatMap(optionText),
    '.SH FILES',
    ...FILES.flatMap(([file, meaning]) => item(file, meaning)),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([name, meaning]) => item(name, meaning)),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => item(String(code), meaning)),
    '.SH SEE ALSO',
    '.BR iptables (8),',
    '.BR ipset (8),',
    '.BR conntrack (8)',
    '',
  ].join('\n');
}

/** A backslash and a dot or quote at the start of a line mean something to roff; dashes are to be typed as they are. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('’', String.raw`\(cq`)
    .replace(/^(?=[.'])/, String.raw`\&`);

const item = (head: string, text: string): string[] => ['.TP', `.B ${plain(head)}`, plain(text)];

const optionText = ({ name, value, summary }: ManOption): string[] => [
  '.TP',
  `.B ${plain(`--${name}`)}${value === undefined ? '' : ` ${String.raw`\fI`}${value}${String.raw`\fR`}`}`,
  plain(summary),
];

function commandText({ summary, usage, details, options, examples }: ManCommand): string[] {
  return [
    `.SS ${usage.map((words) => plain(`seawall ${words}`)).join('\n.br\n')}`,
    plain(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`),
    ...details.flatMap((paragraph) => ['.PP', plain(paragraph)]),
    ...options.flatMap(optionText),
    ...examples.flatMap(([command, meaning]) => item(command, meaning)),
  ];
}
