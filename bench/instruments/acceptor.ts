import { createServer } from 'node:net';

/** Accepts connections at the ports of its arguments and closes them: `node acceptor.mjs 80 81`. */
for (const port of process.argv.slice(2)) {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    socket.destroy();
  });
  // A full queue would look like a slow firewall.
  server.listen({ port: Number(port), host: '0.0.0.0', backlog: 4096 });
}
