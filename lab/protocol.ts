/** What a probe agent can do. Requests and replies are one line of JSON each, over the agent's standard streams. */

/** How an address answered: `closed` means that nothing came back before the time-out. */
export type ProbeState = 'open' | 'closed' | 'refused' | 'unreachable';

export interface ProbeRequest {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Source address to bind; the system's choice otherwise. */
  readonly from?: string;
  readonly sourcePort?: number;
  /** Default 1500: long enough for one retransmitted SYN. */
  readonly timeoutMs?: number;
}

export interface ProbeResult {
  readonly state: ProbeState;
  /** Name of the service that answered; undefined if the connection opened but nobody spoke (a proxy without a back end). */
  readonly service?: string;
  /** The client's address as the service saw it. */
  readonly seenAs?: string;
  readonly milliseconds: number;
}

export interface ServeRequest {
  readonly name: string;
  readonly port: number;
  /** Default: all addresses of both families. */
  readonly address?: string;
  /** UDP only: false makes it a silent sink that counts. Default true. */
  readonly echo?: boolean;
}

/** What arrived at a service: connections accepted or datagrams received, in all and by source address. */
export interface Received {
  readonly count: number;
  readonly by: Readonly<Record<string, number>>;
}

export interface TcpStreamRequest {
  readonly address: string;
  readonly port: number;
  /** Source addresses, taken in turn. */
  readonly from?: readonly string[];
  /** Attempts in flight at a time. Default 4. */
  readonly parallel?: number;
  /** Pause of each of them between two attempts, milliseconds. Default 5. */
  readonly pauseMs?: number;
  /** Default 5000: a lost SYN is sent again after 1 and 3 s and so shows as slow before it counts as failed. */
  readonly timeoutMs?: number;
  /** A connection succeeds only when the service has spoken (default), or as soon as it is open. */
  readonly banner?: boolean;
}

/** A moment worth telling: epoch milliseconds, with a fraction. */
export interface Moment {
  readonly at: number;
  readonly what: string;
  readonly milliseconds?: number;
}

export interface StreamReport {
  readonly attempts: number;
  readonly succeeded: number;
  /** Everything else, by its reason: `closed` (time-out), `refused`, `unreachable`, `reset`, `silent` (open, but nobody spoke). */
  readonly failed: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Succeeded, but only after more than 900 ms: a packet was probably lost and sent again. */
  readonly slow: number;
  readonly slowest: number;
  /** The first 20 of each. */
  readonly failures: readonly Moment[];
  readonly successes: readonly Moment[];
  readonly slowOnes: readonly Moment[];
  /** Longest time in which this agent itself did not get to run, ms: what is slower than that isn't the agent's doing. */
  readonly stalledMs: number;
  readonly seconds: number;
}

export interface UdpStreamRequest {
  readonly address: string;
  readonly port: number;
  readonly from?: string;
  /** Datagrams a second. Default 100. */
  readonly rate?: number;
  /** A new source port (a new flow to conntrack) after so many datagrams. Default: never. */
  readonly perFlow?: number;
  /** How long an answer may take before its datagram counts as lost. Default 3000. */
  readonly graceMs?: number;
  /** false: nobody answers and nobody waits; count at the service. Default true. */
  readonly echo?: boolean;
}

export interface HoldRequest {
  readonly address: string;
  readonly port: number;
  readonly from?: string;
  /** A byte goes there and back so often. Default 50. */
  readonly intervalMs?: number;
  /** Longer without the byte coming back is a stall. Default 500. */
  readonly stallMs?: number;
}

export interface HoldReport {
  readonly alive: boolean;
  /** Why it ended, if it did. */
  readonly ended?: Moment;
  readonly exchanged: number;
  readonly stalls: readonly Moment[];
  /** Longest round trip so far, including the one under way, ms. */
  readonly longestMs: number;
  readonly stalledMs: number;
}

export interface TransferRequest {
  readonly address: string;
  readonly port: number;
  readonly from?: string;
  /** So many bytes are sent to an echo service and have to come back. */
  readonly bytes: number;
  readonly timeoutMs?: number;
}

export interface TransferReport {
  readonly complete: boolean;
  readonly returned: number;
  readonly milliseconds: number;
}

export interface PingRequest {
  readonly address: string;
  readonly from?: string;
  /** Payload bytes. Default 56. */
  readonly size?: number;
  readonly timeoutMs?: number;
}

/** Operation name → its argument and its result. */
export interface Operations {
  probe: [readonly ProbeRequest[], readonly ProbeResult[]];
  ping: [readonly PingRequest[], readonly boolean[]];
  serveTcp: [ServeRequest, number];
  serveUdp: [ServeRequest, number];
  received: [{ readonly protocol: 'tcp' | 'udp'; readonly port: number }, Received];
  tcpStream: [TcpStreamRequest, number];
  udpStream: [UdpStreamRequest, number];
  /** Counts so far; the stream goes on. */
  peek: [number, StreamReport];
  stop: [number, StreamReport];
  hold: [HoldRequest, number];
  checkHold: [number, HoldReport];
  release: [number, HoldReport];
  transfer: [TransferRequest, TransferReport];
}

export type OperationName = keyof Operations;

export interface Request {
  readonly id: number;
  readonly op: OperationName;
  readonly argument: unknown;
}

export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
