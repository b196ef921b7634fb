import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { PingRequest, ProbeRequest, ProbeResult, ProbeState } from '../protocol.ts';
import { parseBanner } from './banner.ts';

/** How long a service that accepted may take to speak at least, ms. docker-proxy accepts before it knows its back end. */
const BANNER_MS = 1500;

export function probeAll(requests: readonly ProbeRequest[]): Promise<ProbeResult[]> {
  return Promise.all(requests.map((request) => (request.protocol === 'tcp' ? probeTcp(request) : probeUdp(request))));
}

export function stateOf(error: NodeJS.ErrnoException): ProbeState {
  if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return 'refused';
  if (error.code === 'ETIMEDOUT') return 'closed';
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM'].includes(error.code ?? '')) return 'unreachable';
  // Anything else (no such source address, no descriptors left) is a mistake of the test, not an answer.
  throw error;
}

/** Calls back after a time-out, but only after what already arrived was seen: a busy machine is not a firewall. */
export function after(milliseconds: number, callback: () => void): () => void {
  let cancelled = false;
  const last = (): void => {
    if (!cancelled) callback();
  };
  const timer = setTimeout(() => setImmediate(() => setTimeout(last, 0)), milliseconds);
  return () => {
    cancelled = true;
    clearTimeout(timer);
  };
}

function probeTcp(request: ProbeRequest): Promise<ProbeResult> {
  const began = performance.now();
  const socket = connect({
    host: request.address,
    port: request.port,
    ...(request.from === undefined ? {} : { localAddress: request.from }),
    ...(request.sourcePort === undefined ? {} : { localPort: request.sourcePort }),
  });
  return new Promise((resolve, reject) => {
    let text = '';
    let opened = false;
    let cancel = after(request.timeoutMs ?? 1500, () => finish(opened ? 'open' : 'closed'));
    const finish = (state: ProbeState): void => {
      cancel();
      socket.destroy();
      const milliseconds = performance.now() - began;
      resolve({ state, ...(text.includes('\n') ? parseBanner(text) : {}), milliseconds });
    };
    socket.on('connect', () => {
      opened = true;
      cancel();
      cancel = after(Math.max(BANNER_MS, request.timeoutMs ?? 0), () => finish('open'));
    });
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.includes('\n')) finish('open');
    });
    socket.on('end', () => finish('open'));
    socket.on('error', (error) => settle(() => finish(opened ? 'open' : stateOf(error)), reject));
  });
}

/** Runs what may throw inside a callback, so that the promise rejects instead of the agent dying. */
export function settle(action: () => void, reject: (error: unknown) => void): void {
  try {
    action();
  } catch (error) {
    reject(error);
  }
}

function probeUdp(request: ProbeRequest): Promise<ProbeResult> {
  const began = performance.now();
  const timeout = request.timeoutMs ?? 1500;
  const socket = createSocket(request.address.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    const send = (): void => socket.send('probe', () => {});
    let again: NodeJS.Timeout | undefined;
    const finish = (result: Omit<ProbeResult, 'milliseconds'>): void => {
      cancel();
      clearInterval(again);
      socket.removeAllListeners('message');
      socket.close();
      resolve({ ...result, milliseconds: performance.now() - began });
    };
    const cancel = after(timeout, () => finish({ state: 'closed' }));
    socket.once('message', (message) => finish({ state: 'open', ...parseBanner(message.toString()) }));
    socket.once('error', (error) => settle(() => finish({ state: stateOf(error) }), reject));
    socket.bind({ address: request.from ?? '', port: request.sourcePort ?? 0 }, () => {
      socket.connect(request.port, request.address, () => {
        send();
        again = setInterval(send, timeout / 3);
      });
    });
  });
}

/** One echo request by busybox, which every machine with the lab has. */
export function ping(request: PingRequest): Promise<boolean> {
  const seconds = Math.ceil((request.timeoutMs ?? 1000) / 1000);
  const from = request.from === undefined ? [] : ['-I', request.from];
  const size = request.size === undefined ? [] : ['-s', String(request.size)];
  const argv = ['ping', '-c', '1', '-W', String(seconds), '-w', String(seconds), ...from, ...size, request.address];
  return new Promise((resolve) => execFile('busybox', argv, (error) => resolve(error === null)));
}
