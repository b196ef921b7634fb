import { must } from './command.ts';

/** Every namespace, folder and cgroup of the lab starts with this, followed by the world's id. */
export const PREFIX = 'sw-';

export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/** The words that put a command into a network namespace. Not `ip netns exec`: that one hides the cgroup mounts. */
export function enterNetns(name: string): string[] {
  return ['nsenter', `--net=${netnsPath(name)}`, '--'];
}

/** Makes network namespaces, all in one run of `ip`. */
export async function addNamespaces(names: readonly string[]): Promise<void> {
  await must(['ip', '-batch', '-'], { input: names.map((name) => `netns add ${name}\n`).join('') });
}

/** Sets sysctls (`net.ipv4.ip_forward` → value) as seen from inside a namespace. */
export async function setSysctls(name: string, values: Readonly<Record<string, number | string>>): Promise<void> {
  const script = Object.entries(values).map(
    ([key, value]) => `echo ${value} > /proc/sys/${key.replaceAll('.', '/')}\n`,
  );
  await must([...enterNetns(name), 'sh', '-e'], { input: script.join('') });
}
