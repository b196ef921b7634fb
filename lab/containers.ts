import type { DockerApi } from './docker-api.ts';
import { IMAGE } from './image.ts';
import { containerInit } from './processes.ts';
import { portBindings } from './publish.ts';

export interface ContainerOptions {
  readonly name: string;
  readonly cmd: readonly string[];
  readonly image?: string;
  /** A network's name; `host` for the machine's own network. Default: the default bridge. */
  readonly network?: string;
  /** Fixed addresses, on a network whose subnets were given. Default: Docker's choice, which a restart may change. */
  readonly addresses?: { readonly v4: string; readonly v6: string };
  /** As behind `docker run -p`. */
  readonly publish?: readonly string[];
  readonly privileged?: boolean;
  readonly restart?: 'no' | 'always' | 'unless-stopped';
  readonly env?: readonly string[];
  /** `/path/on/the/machine:/path/in/the/container:ro`. */
  readonly binds?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  /** Addresses on its (first) network; empty on the host's network. */
  readonly v4: string;
  readonly v6: string;
}

export interface NetworkOptions {
  readonly name: string;
  readonly driver?: string;
  readonly internal?: boolean;
  readonly ipv6?: boolean;
  /** Subnets of either family; Docker's choice otherwise. */
  readonly subnets?: readonly string[];
  /** Name of the bridge interface. */
  readonly bridge?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly Status: string; readonly StartedAt: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address: string }>>;
  };
}

/** Containers and networks of one engine. */
export class Containers {
  readonly #api: () => DockerApi;

  constructor(api: () => DockerApi) {
    this.#api = api;
  }

  /** `docker run -d`. */
  async run(options: ContainerOptions): Promise<Container> {
    const query = `/containers/create?name=${encodeURIComponent(options.name)}`;
    const { Id } = await this.#api().call<{ Id: string }>('POST', query, specOf(options));
    await this.#api().call('POST', `/containers/${Id}/start`);
    return this.find(Id);
  }

  /** A container as it is now; its addresses may have changed with a restart. */
  async find(idOrName: string): Promise<Container> {
    const found = await this.inspect(idOrName);
    const network = Object.values(found.NetworkSettings.Networks)[0];
    return {
      id: found.Id,
      name: found.Name.replace(/^\//, ''),
      v4: network?.IPAddress ?? '',
      v6: network?.GlobalIPv6Address ?? '',
    };
  }

  inspect(idOrName: string): Promise<Inspected> {
    return this.#api().call('GET', `/containers/${encodeURIComponent(idOrName)}/json`);
  }

  /** `docker rm -f`. */
  async remove(idOrName: string): Promise<void> {
    await this.#api().call('DELETE', `/containers/${encodeURIComponent(idOrName)}?force=true&v=true`);
  }

  async restart(idOrName: string): Promise<void> {
    await this.#api().call('POST', `/containers/${encodeURIComponent(idOrName)}/restart?t=1`);
  }

  /** Pid of the container's first process as this process sees it (dockerd, in its own pid namespace, sees another). */
  async pid(idOrName: string): Promise<number> {
    const { id } = await this.find(idOrName);
    const pid = containerInit(id);
    if (pid === undefined) throw new Error(`container ${idOrName} does not run`);
    return pid;
  }

  async createNetwork(options: NetworkOptions): Promise<string> {
    const bridge = options.bridge === undefined ? {} : { 'com.docker.network.bridge.name': options.bridge };
    const { Id } = await this.#api().call<{ Id: string }>('POST', '/networks/create', {
      Name: options.name,
      CheckDuplicate: true,
      Driver: options.driver ?? 'bridge',
      Internal: options.internal ?? false,
      EnableIPv6: options.ipv6 ?? false,
      IPAM: { Config: (options.subnets ?? []).map((Subnet) => ({ Subnet })) },
      Options: { ...bridge, ...options.options },
      Labels: options.labels ?? {},
    });
    return Id;
  }

  async removeNetwork(idOrName: string): Promise<void> {
    await this.#api().call('DELETE', `/networks/${encodeURIComponent(idOrName)}`);
  }
}

function specOf(options: ContainerOptions): object {
  const { exposed, bindings } = portBindings(options.publish ?? []);
  const { network = 'default', addresses } = options;
  const fixed = { IPAMConfig: { IPv4Address: addresses?.v4, IPv6Address: addresses?.v6 } };
  return {
    Image: options.image ?? IMAGE,
    Cmd: options.cmd,
    Env: options.env ?? [],
    Labels: options.labels ?? {},
    ExposedPorts: exposed,
    // A shell that is process 1 ignores SIGTERM: stopping would take 10 s a container.
    StopSignal: 'SIGKILL',
    HostConfig: {
      NetworkMode: network,
      PortBindings: bindings,
      Binds: options.binds ?? [],
      Privileged: options.privileged ?? false,
      RestartPolicy: { Name: options.restart ?? 'no' },
    },
    ...(addresses === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: fixed } } }),
  };
}
