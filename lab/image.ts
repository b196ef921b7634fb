import { readFile } from 'node:fs/promises';

/** Name of the image that every container of the lab runs. */
export const IMAGE = 'seawall-lab';

const BUSYBOX_PLACES = ['/bin/busybox', '/usr/bin/busybox'];
const APPLETS = ['sh', 'awk', 'cat', 'ip', 'nc', 'ping', 'readlink', 'sleep', 'wget'];

// Speaks `NAME x:PEER` as the agents' services do, and echoes. nc tells nobody who called, so it asks the kernel.
const SERVE = `#!/bin/sh
i=$(readlink /proc/self/fd/0)
i=\${i#socket:[}
awk -v n="$1" -v i="\${i%]}" '$10 == i { sub(/:.*/, "", $3); print n, "x:" $3; exit }' /proc/net/tcp /proc/net/tcp6
exec cat
`;

// serve-all NAME PORT...: one listener a port, until the container ends.
const SERVE_ALL = `#!/bin/sh
name=$1
shift
for port; do nc -ll -p "$port" -e /bin/serve "$name" & done
wait
`;

/** A tar for \`docker import\`: a static busybox, its links and the two scripts above. */
export async function imageTar(): Promise<Buffer> {
  const files = [
    entry('bin/', '5', 0o755),
    entry('tmp/', '5', 0o777),
    entry('bin/busybox', '0', 0o755, await busybox()),
    entry('bin/serve', '0', 0o755, Buffer.from(SERVE)),
    entry('bin/serve-all', '0', 0o755, Buffer.from(SERVE_ALL)),
    ...APPLETS.map((name) => entry(`bin/${name}`, '2', 0o777, Buffer.alloc(0), 'busybox')),
  ];
  return Buffer.concat([...files, Buffer.alloc(1024)]);
}

async function busybox(): Promise<Buffer> {
  for (const path of BUSYBOX_PLACES) {
    try {
      return await readFile(path);
    } catch {
      // The other place, then.
    }
  }
  throw new Error('busybox is missing: run node scripts/setup.mjs');
}

/** One member of a POSIX ustar archive: type '0' file, '2' symbolic link, '5' folder. */
function entry(
  name: string,
  type: '0' | '2' | '5',
  mode: number,
  content: Buffer = Buffer.alloc(0),
  link = '',
): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number): void => {
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  };
  header.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.fill(' ', 148, 156);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
