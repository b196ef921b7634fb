import type { Config } from '../config/model.ts';
import type { DockerFacts, Link } from './facts.ts';

/**
 * Which side of the wall each interface is on.
 *
 * A new connection from an interface that is neither internal nor known is judged, as is one that is to leave through
 * an interface that nobody has heard of: there may be a container network behind it.
 */
export interface Zones {
  /** Interfaces whose new connections are let pass; a trailing `*` is a wildcard. */
  readonly internal: readonly string[];
  /** Interfaces that are judged although an entry of `internal` matches their name. */
  readonly except: readonly string[];
  /** Interfaces that lead outwards: what is forwarded there is no concern of this machine's. */
  readonly outer: readonly string[];
  /** Outer bridges: their broadcasts are meant for other machines too, so only the own copy is judged. */
  readonly bridges: readonly string[];
}

/** Bridges that Docker makes. The wildcard lets networks of tomorrow work without anybody running Seawall. */
const DOCKER_BRIDGES = ['docker0', 'docker_gwbridge', 'br-*'];
const DOCKER_WILDCARD = 'br-*';

/** How Docker names a network's bridge when nobody asks for another name. */
const GENERATED_NAME = /^br-[0-9a-f]{12}$/;

/** @param tellsBridges the rules take any bridge for internal that isn't named here as another one */
export function findZones(
  links: readonly Link[],
  docker: DockerFacts,
  interfaces: Config['interfaces'],
  tellsBridges = false,
): Zones {
  const own = (link: Link): boolean => isDockers(link, docker);
  const bridges = docker.networks.flatMap(({ bridge }) => (bridge === undefined ? [] : [bridge]));
  const internal = unique([...DOCKER_BRIDGES, ...bridges, ...interfaces.internal])
    .filter((name) => !interfaces.external.includes(name))
    .filter((name) => interfaces.internal.includes(name) || !links.some((link) => link.name === name && link.uplink))
    .filter((name) => !name.startsWith('br-') || name === DOCKER_WILDCARD || interfaces.internal.includes(name));
  const isListed = ({ name }: Link): boolean => interfaces.internal.some((pattern) => matchesLink(pattern, name));
  const isInternal = (link: Link): boolean =>
    !matchesAny(interfaces.external, link.name) &&
    (isListed(link) || (matchesAny(internal, link.name) && own(link) && !link.uplink));

  const known = links.filter(({ name }) => name !== 'lo');
  // Containers are behind a bridge of Docker's, whatever the config calls it; so nothing is let through to it.
  const leadsOut = (link: Link): boolean => !own(link) || link.uplink;
  const outer = known.filter(
    (link) => link.master === undefined && !isInternal(link) && leadsOut(link) && isCertain(link, docker),
  );
  const announced = interfaces.external.filter(
    (name) =>
      !name.endsWith('*') &&
      !links.some((link) => link.name === name) &&
      !matchesAny(internal, name) &&
      !matchesAny(DOCKER_BRIDGES, name),
  );
  const except = [
    ...known
      .filter(
        (link) => !isInternal(link) && (matchesAny(internal, link.name) || (tellsBridges && link.kind === 'bridge')),
      )
      .map(({ name }) => name),
    ...interfaces.external,
  ];
  return {
    internal,
    except: unique(except),
    outer: unique([...outer.map(({ name }) => name), ...announced]),
    bridges: outer.filter(({ kind }) => kind === 'bridge').map(({ name }) => name),
  };
}

/** Bridges that belong to Docker. Without Docker's word, only a name as it makes them counts. */
function isDockers(link: Link, docker: DockerFacts): boolean {
  if (docker.networks.some(({ bridge }) => bridge === link.name)) return true;
  if (link.name === 'docker0' || link.name === 'docker_gwbridge') return true;
  return docker.seen !== 'live' && GENERATED_NAME.test(link.name) && link.kind === 'bridge';
}

/** While Docker can't be asked, a bridge may be one of its networks, so nothing is let through to it. */
function isCertain(link: Link, docker: DockerFacts): boolean {
  return docker.seen === 'live' || link.uplink || link.kind !== 'bridge';
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];

export const matchesAny = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => matchesLink(pattern, name));

export const matchesLink = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
