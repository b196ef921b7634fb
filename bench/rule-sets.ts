import { writeFileSync } from 'node:fs';
import type { World } from '../lab/world.ts';
import { onHost, seawall } from './seawall.ts';
import { CLIENTS } from './site.ts';

/** What stands on the host: Docker's own rules alone, Seawall by iptables or by nftables, or what people use today. */
export type RuleSet = 'docker' | 'seawall' | 'nftables' | 'usual';

/**
 * What people use today: rules in DOCKER-USER and behind INPUT that let a set of addresses in, the way a widely used
 * Ansible role and most guides write them.
 */
const USUAL = `*filter
:HOST-FILTER - [0:0]
-F DOCKER-USER
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -s 172.17.0.0/16 -j RETURN
-A DOCKER-USER -m set --match-set usual src -j RETURN
-A DOCKER-USER -j DROP
-A HOST-FILTER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A HOST-FILTER -i lo -j ACCEPT
-A HOST-FILTER -p icmp -j ACCEPT
-A HOST-FILTER -s 172.17.0.0/16 -j ACCEPT
-A HOST-FILTER -m set --match-set usual src -j ACCEPT
-A HOST-FILTER -p tcp -m tcp --dport 22 -j ACCEPT
-A HOST-FILTER -j DROP
-I INPUT 1 -j HOST-FILTER
COMMIT
`;

/** As Docker leaves it. */
const USUAL_UNDONE = `*filter
-F DOCKER-USER
-A DOCKER-USER -j RETURN
-D INPUT -j HOST-FILTER
-F HOST-FILTER
-X HOST-FILTER
COMMIT
`;

/** Who may connect in both rule sets: the client, whichever of its addresses it takes. */
const CONFIG = `version: 1\ntrusted: [192.0.2.0/30, ${CLIENTS}]\npublic: [22/tcp]\n`;
const USUAL_SET = `create usual hash:net family inet\nadd usual 192.0.2.0/30\nadd usual ${CLIENTS}\n`;

/** Changes a host from one rule set to the other, while its connections live on. */
export class RuleSets {
  readonly #world: World;
  #now: RuleSet = 'docker';

  static async of(world: World): Promise<RuleSets> {
    await world.writeConfig(CONFIG);
    return new RuleSets(world);
  }

  private constructor(world: World) {
    this.#world = world;
  }

  enter(next: RuleSet): void {
    if (next === this.#now) return;
    if (this.#now === 'seawall' || this.#now === 'nftables') seawall(this.#world, ['down', '--yes']);
    if (this.#now === 'usual') this.#leaveUsual();
    if (next === 'seawall') this.#apply('iptables');
    if (next === 'nftables') this.#apply('nftables');
    if (next === 'usual') this.#enterUsual();
    this.#now = next;
  }

  #apply(backend: string): void {
    writeFileSync(this.#world.configFile, `${CONFIG}backend: ${backend}\n`);
    seawall(this.#world, ['apply', '--yes']);
  }

  #enterUsual(): void {
    onHost(this.#world, ['ipset', 'restore'], [0], USUAL_SET);
    onHost(this.#world, ['iptables-restore', '--noflush'], [0], USUAL);
  }

  #leaveUsual(): void {
    onHost(this.#world, ['iptables-restore', '--noflush'], [0], USUAL_UNDONE);
    onHost(this.#world, ['ipset', 'destroy', 'usual']);
  }
}
