import { serveTcp, serveUdp } from './serve.ts';

/** A service in a container: `node service.mjs NAME tcp:80 udp:53 …` listens until it is killed. */
const [name = '', ...ports] = process.argv.slice(2);
for (const word of ports) {
  const [protocol, port] = word.split(':');
  await (protocol === 'udp' ? serveUdp : serveTcp)({ name, port: Number(port) });
}
