import type { NamedFlow } from '../analysis/session.ts';
import { formatAddress } from '../net/address.ts';
import { renderChange } from '../iptables/change.ts';
import type { Step } from '../plan/plan.ts';
import { inputText, stepText } from '../plan/step-text.ts';

/** The version of every `--json` answer; it changes when a field changes its meaning or goes. */
export const SCHEMA_VERSION = 1;

export const toJson = (value: object): string =>
  `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...value }, null, 2)}\n`;

/** `owner` and `ownSession` are there where they are known and true. */
export const flowJson = ({ protocol, source, sourcePort, destination, port, owner, own }: NamedFlow): object => ({
  protocol,
  source: formatAddress(source),
  sourcePort,
  destination: formatAddress(destination),
  port,
  ...(owner === undefined ? {} : { owner }),
  ...(own ? { ownSession: true } : {}),
});

export function stepJson(step: Step): object {
  switch (step.kind) {
    case 'make-sets':
      return { kind: step.kind, create: step.make.map(({ name }) => name), swap: step.replace.map(({ name }) => name) };
    case 'drop-sets':
      return { kind: step.kind, destroy: step.names };
    case 'change-table':
      return {
        kind: step.kind,
        family: step.change.family,
        ...(step.change.variant === undefined ? {} : { variant: step.change.variant }),
        restore: renderChange(step.change),
      };
    case 'change-nft':
      return { kind: step.kind, nft: inputText(stepText(step)) };
    case 'prepare-nft':
      return { kind: step.kind, delete: step.prepare.drop, create: step.prepare.fill.map(({ part }) => part.name) };
    case 'drop-nft-sets':
      return { kind: step.kind, delete: step.names };
    case 'remove-nft':
      return { kind: step.kind };
  }
}
