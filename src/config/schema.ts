import * as v from 'valibot';

/** What the keys with a fixed set of values may hold; the first one is what a missing key means. */
export const CHOICES = {
  log: ['off', 'limited'],
  'docker.swarm': ['auto', 'off'],
  backend: ['auto', 'iptables', 'nftables'],
} as const;

const entryList = <T extends v.GenericSchema>(item: T, about: string) =>
  v.pipe(v.nullish(v.array(item)), v.description(about));

/** `PORT/PROTOCOL` or `FIRST-LAST/PROTOCOL`; read by net/port.ts. */
export const portText = v.string();

const portSchema = v.pipe(
  portText,
  v.description('A port or a range of ports with its protocol, as a client dials it.'),
  v.examples(['22/tcp', '8000-8010/tcp', '443/udp']),
);

const fileSchema = v.pipe(
  v.strictObject({
    file: v.pipe(
      v.string(),
      v.description("A list with one prefix a line; relative paths start at the config's folder."),
    ),
  }),
  v.examples([{ file: 'lists/partners.txt' }]),
);

const sourceSchema = v.union([
  v.pipe(
    v.string(),
    v.description('An address, a prefix or a host name.'),
    v.examples(['192.0.2.1', '192.0.2.0/24', '2001:db8::/48', 'office.example.com']),
  ),
  fileSchema,
]);

const blockedSchema = v.union([
  v.pipe(v.string(), v.description('An address or a prefix.'), v.examples(['203.0.113.99'])),
  fileSchema,
]);

const interfaceSchema = v.pipe(
  v.string(),
  v.description('The name of an interface; a * at its end stands for any rest.'),
  v.examples(['wg0', 'wg*']),
);

/** The one version there is: text in YAML's failsafe schema, a number to programs that read YAML's core schema. */
export const versionText = v.literal('1');

const allowSchema = v.pipe(
  v.strictObject({
    from: v.pipe(v.array(sourceSchema), v.minLength(1), v.description('Who may come in.')),
    to: v.pipe(v.array(portSchema), v.minLength(1), v.description('To which ports.')),
    note: v.nullish(v.pipe(v.string(), v.description('What for: one line.'))),
  }),
  v.description('Some sources may reach some ports.'),
);

/**
 * The structure of the config file: which keys there are, and what kind of value each holds. What the text of an entry
 * means is for the rules beside this file; what the descriptions say is shown by editors.
 */
export const configSchema = v.pipe(
  v.strictObject({
    version: v.pipe(versionText, v.description('The version of this format.')),
    trusted: entryList(sourceSchema, 'Who may reach everything on this machine and in its containers.'),
    public: entryList(portSchema, 'Ports that are open to everyone.'),
    allow: entryList(allowSchema, 'Ports that are open to some.'),
    block: entryList(blockedSchema, 'Who may reach nothing, whatever else this file says.'),
    interfaces: v.pipe(
      v.nullish(
        v.strictObject({
          internal: entryList(interfaceSchema, "Interfaces that are not filtered, besides those of Docker's bridges."),
          external: entryList(interfaceSchema, 'Interfaces that are filtered, whatever is found there.'),
        }),
      ),
      v.description('Which interfaces are inside and which are outside.'),
    ),
    log: v.pipe(v.optional(v.picklist(CHOICES.log)), v.description('Kernel log lines for denied packets.')),
    docker: v.pipe(
      v.nullish(
        v.strictObject({
          swarm: v.pipe(
            v.optional(v.picklist(CHOICES['docker.swarm'])),
            v.description("Whether the nodes of this machine's swarm are trusted."),
          ),
        }),
      ),
      v.description('What follows Docker.'),
    ),
    backend: v.pipe(
      v.optional(v.picklist(CHOICES.backend)),
      v.description('What the rules are put into the kernel with.'),
    ),
  }),
  v.title('Seawall configuration'),
);
