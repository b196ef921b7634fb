import { connect } from 'node:net';
import type { TransferReport, TransferRequest } from '../protocol.ts';
import { after } from './probe.ts';

/** Sends bytes to an echo service and waits until all of them are back, so that large packets go both ways. */
export function transfer(request: TransferRequest): Promise<TransferReport> {
  const began = performance.now();
  const from = request.from === undefined ? {} : { localAddress: request.from };
  const socket = connect({ host: request.address, port: request.port, ...from });
  return new Promise((resolve, reject) => {
    let returned = 0;
    let spoken = false;
    const finish = (): void => {
      cancel();
      socket.destroy();
      resolve({ complete: returned === request.bytes, returned, milliseconds: performance.now() - began });
    };
    const cancel = after(request.timeoutMs ?? 15_000, finish);
    socket.on('error', (error) => {
      cancel();
      reject(error);
    });
    socket.on('end', finish);
    socket.on('data', (chunk) => {
      if (!spoken) {
        // The banner; nothing was sent before it, so nothing of the echo can be in the same chunk.
        spoken = true;
        socket.write(Buffer.alloc(request.bytes, 'x'));
        return;
      }
      returned += chunk.length;
      if (returned >= request.bytes) finish();
    });
  });
}
