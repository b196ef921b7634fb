import type { Address } from '../../net/address.ts';
import type { Protocol } from '../../net/port.ts';

/** What a machine offers, whoever may reach it. */
export interface Inventory {
  readonly listeners: readonly Listening[];
  readonly containers: readonly Container[];
  /** The links of Docker's networks. */
  readonly bridges: readonly string[];
}

/** A socket that waits for anybody. */
export interface Listening {
  readonly protocol: Protocol;
  readonly port: number;
  /** Undefined: every address of the machine, of both families where `families` has both. */
  readonly address: Address | undefined;
  readonly families: readonly (4 | 6)[];
  /** The link that it is bound to. */
  readonly link: string | undefined;
  readonly program: string | undefined;
  /** The id of the container that it runs in. */
  readonly container: string | undefined;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly networks: readonly ContainerNetwork[];
  readonly published: readonly Published[];
  /** Its own ports that somebody named, published or not. */
  readonly ports: readonly { readonly protocol: Protocol; readonly port: number }[];
}

export interface ContainerNetwork {
  readonly name: string;
  readonly driver: string;
  readonly addresses: readonly Address[];
}

export interface Published {
  readonly protocol: Protocol;
  readonly port: number;
  /** The address of the machine that it is published at; of a family alone where it is every one of that family. */
  readonly address: Address | undefined;
  readonly family: 4 | 6 | undefined;
}
