import { isFlowOf, sameAddress, type Session } from '../analysis/session.ts';
import type { Flow } from '../analysis/flow.ts';
import type { Effects } from '../effects/types.ts';
import { parseAddress } from '../net/address.ts';
import { type Ancestor, readAncestors } from './ancestors.ts';
import { bareAddress, readSockets, type Socket } from './sockets.ts';

/** What SSH_CONNECTION says. */
export interface Connection {
  readonly client: string;
  readonly clientPort?: number | undefined;
  readonly port: number;
}

/** `CLIENT CLIENT_PORT SERVER SERVER_PORT` of SSH_CONNECTION, or `CLIENT CLIENT_PORT SERVER_PORT` of SSH_CLIENT (ssh(1)). */
export function parseConnection(variable: string | undefined): Connection | undefined {
  const [client, clientPort, ...rest] = (variable ?? '').trim().split(/\s+/);
  const address = bareAddress(client ?? '');
  if (!parseAddress(address).ok) return undefined;
  const port = Number(rest.at(-1)) || SSH_PORT;
  return { client: address, clientPort: Number(clientPort) || undefined, port };
}

export interface Sessions {
  readonly all: readonly Session[];
  /** Why it can't be told where the person who types is; undefined where it can, or where nobody types. */
  readonly doubt: Doubt | undefined;
}

/** `keeper`: the program that keeps the session whoever is connected to it. `terminal`: of unknown origin. */
export type Doubt = { readonly kind: 'keeper'; readonly name: string } | { readonly kind: 'terminal' };

const SSH_PORT = 22;
const SSHD = /^(sshd|sshd-session|dropbear)$/;
/** They live on when their connection ends, and serve the next: what they were started with may be long gone. */
const KEEPERS = /^(tmux|screen|SCREEN|mosh-server|zellij|dtach|abduco|etserver|etterminal)\b/;

/** Who is logged in over SSH, and which of them this runs for. `ssh` is what our own environment says. */
export async function readSessions(
  effects: Pick<Effects, 'exec' | 'files'>,
  ssh: Connection | undefined,
): Promise<Sessions> {
  const [ancestors, sockets] = await Promise.all([
    readAncestors(effects),
    readSockets(effects, ['-t', 'state', 'established', 'state', 'listening']),
  ]);
  const pids = new Set(ancestors.map(({ pid }) => pid));
  const said = ssh ?? parseConnection(ancestors.find(({ connection }) => connection !== undefined)?.connection);
  const own = said && ownSession(said);
  const candidates = sessionSockets(sockets ?? [], own?.port);
  const loggedIn = await Promise.all(candidates.map((socket) => isLoggedIn(effects, socket)));
  const seen = candidates.flatMap(({ localPort, peer, owners }, at): Session[] => {
    if (!peer || !loggedIn[at]) return [];
    const session = { client: peer.address, clientPort: peer.port, port: localPort };
    const ours = owners.some(({ name, pid }) => SSHD.test(name) && pids.has(pid));
    return [{ ...session, own: ours || (own !== undefined && sameSession(session, own)) }];
  });
  const keeper = ancestors.find(({ name }) => KEEPERS.test(name));
  // A keeper's word counts for nothing where it can be seen that there is no such session any more.
  const gone = keeper !== undefined && sockets !== undefined;
  const all = own && !gone && !seen.some((session) => session.own) ? [own, ...seen] : seen;
  return { all, doubt: all.some((session) => session.own) ? undefined : doubtOf(ancestors, keeper) };
}

function ownSession({ client, clientPort, port }: Connection): Session | undefined {
  const parsed = parseAddress(client);
  return parsed.ok ? { client: parsed.value, clientPort, port, own: true } : undefined;
}

const sameSession = (a: Omit<Session, 'own'>, b: Session): boolean =>
  a.clientPort === b.clientPort && a.port === b.port && sameAddress(a.client, b.client);

/** Established connections to sshd; where it can't be seen who listens, those to the port that sshd usually has. */
function sessionSockets(sockets: readonly Socket[], ownPort: number | undefined): Socket[] {
  const connected = sockets.filter(({ peer }) => peer !== undefined);
  const busy = new Set(connected.flatMap(({ owners }) => owners.map(({ pid }) => pid)));
  const listeners = sockets.filter(({ peer }) => !peer);
  // A session's process that listens does so for a forwarded port.
  const real = listeners.filter(isSshd).filter(({ owners }) => owners.some(({ pid }) => !busy.has(pid)));
  const ports = new Set(real.map(({ localPort }) => localPort));
  const seen = new Set(listeners.filter(({ owners }) => owners.length > 0).map(({ localPort }) => localPort));
  const usual = [SSH_PORT, ownPort].filter((port) => port !== undefined && !seen.has(port));
  return connected.filter((socket) => {
    const { localPort, peer, owners } = socket;
    if (owners.length === 0) return usual.includes(localPort);
    // A session outlives its listener. What sshd opens itself, for a forwarded port, starts at a high number.
    return isSshd(socket) && (ports.has(localPort) || localPort < (peer?.port ?? 0));
  });
}

const isSshd = ({ owners }: Socket): boolean => owners.some(({ name }) => SSHD.test(name));

/** Whoever only knocks, as many do all day at a public port, is no session: sshd's processes say so in their titles. */
async function isLoggedIn({ files }: Pick<Effects, 'files'>, { owners }: Socket): Promise<boolean> {
  const titles = await Promise.all(owners.map(({ pid }) => files.read(`/proc/${pid}/cmdline`).catch(() => undefined)));
  return !titles.some((title) => /\[(net|accepted)\]/.test(title?.toString() ?? ''));
}

function doubtOf(ancestors: readonly Ancestor[], keeper: Ancestor | undefined): Doubt | undefined {
  if (keeper) return { kind: 'keeper', name: KEEPERS.exec(keeper.name)?.[1]?.toLowerCase() ?? keeper.name };
  if (ancestors.some(({ terminal }) => terminal === 'console')) return undefined;
  const remote = ancestors.some(({ name, terminal }) => terminal === 'pseudo' || SSHD.test(name));
  return remote ? { kind: 'terminal' } : undefined;
}

export const isOwnFlow = (flow: Flow, sessions: readonly Session[]): boolean =>
  sessions.some((session) => session.own && isFlowOf(flow, session));
