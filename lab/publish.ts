/** One published port range in the words of the Engine's API. */
export interface Publication {
  readonly hostIp: string;
  readonly hostFirst: number;
  readonly containerFirst: number;
  readonly count: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Reads what one writes behind `docker run -p`: `8080:80/tcp`, `127.0.0.1:7000:80`, `[::1]:53:53/udp`, `9000-9003:9000-9003`. */
export function parsePublish(text: string): Publication {
  const match = /^(?:(\[[0-9a-f:]+\]|[0-9.]+):)?(\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:\/(tcp|udp))?$/.exec(text);
  if (match === null) throw new Error(`not a published port: ${text}`);
  const [, ip = '', hostFirst, hostLast = hostFirst, first, last = first, protocol = 'tcp'] = match;
  const count = Number(hostLast) - Number(hostFirst) + 1;
  if (count < 1 || count !== Number(last) - Number(first) + 1) throw new Error(`ranges of unequal length: ${text}`);
  return {
    hostIp: ip.replaceAll(/[[\]]/g, ''),
    hostFirst: Number(hostFirst),
    containerFirst: Number(first),
    count,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  };
}

/** `ExposedPorts` and `PortBindings` of a container. */
export function portBindings(specs: readonly string[]): {
  exposed: Record<string, object>;
  bindings: Record<string, { HostIp: string; HostPort: string }[]>;
} {
  const exposed: Record<string, object> = {};
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { hostIp, hostFirst, containerFirst, count, protocol } of specs.map(parsePublish)) {
    for (let i = 0; i < count; i++) {
      const key = `${containerFirst + i}/${protocol}`;
      exposed[key] = {};
      (bindings[key] ??= []).push({ HostIp: hostIp, HostPort: String(hostFirst + i) });
    }
  }
  return { exposed, bindings };
}
