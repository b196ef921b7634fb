import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutFilters, type CutFilter } from '../../../src/analysis/cut-filter.ts';
import type { Flow } from '../../../src/analysis/flow.ts';
import { formatAddress } from '../../../src/net/address.ts';
import type { Protocol } from '../../../src/net/port.ts';
import { prefixContains } from '../../../src/net/prefix.ts';
import { patient, runs } from '../../support/runs.ts';
import { address } from '../../support/values.ts';

const HOST = address('198.51.100.10');

const flow = (client: number, sourcePort: number, port: number, protocol: Protocol = 'tcp'): Flow => ({
  protocol,
  source: { family: 4, value: address('203.0.113.0').value + BigInt(client) },
  sourcePort,
  destination: HOST,
  port,
  serverPort: port,
});

const picks = (filter: CutFilter, { protocol, source, destination, port }: Flow): boolean =>
  filter.protocol === protocol &&
  filter.port === port &&
  formatAddress(filter.destination) === formatAddress(destination) &&
  (filter.source === undefined || prefixContains(filter.source, source));

const picked = (all: readonly Flow[], cut: readonly Flow[]): Flow[] => {
  const filters = cutFilters(all, cut);
  return all.filter((each) => filters.some((filter) => picks(filter, each)));
};

test('the filters pick what is to go and nothing else', patient, () => {
  const flowArb = fc
    .tuple(fc.nat(120), fc.nat(2), fc.constantFrom(22, 80), fc.constantFrom<Protocol>('tcp', 'udp'))
    .map(([client, sourcePort, port, protocol]) => flow(client, sourcePort, port, protocol));
  fc.assert(
    fc.property(
      fc.uniqueArray(flowArb, {
        selector: (each) => `${each.source.value} ${each.sourcePort} ${each.port} ${each.protocol}`,
        maxLength: 250,
      }),
      fc.array(fc.tuple(fc.nat(120), fc.constantFrom(22, 80, undefined)), { maxLength: 90 }),
      fc.boolean(),
      (all, revoked, portClosed) => {
        // Whoever loses a port loses it with every connection; that is what a policy can say.
        const gone = (each: Flow): boolean =>
          (portClosed && each.port === 80) ||
          revoked.some(
            ([client, port]) =>
              flow(client, 0, 0).source.value === each.source.value && (port ?? each.port) === each.port,
          );
        const cut = all.filter(gone);
        expect(picked(all, cut)).toEqual(cut);
      },
    ),
    runs(60),
  );
});

describe('their number', () => {
  test('is one a client and port, however many connections that are', () => {
    const all = Array.from({ length: 500 }, (_, index) => flow(7, index, 443));
    expect(cutFilters(all, all)).toHaveLength(1);
  });

  test('is one a port, where everyone of very many loses it', () => {
    const all = Array.from({ length: 200 }, (_, client) => flow(client, 1, 443));
    expect(cutFilters(all, all)).toEqual([{ protocol: 'tcp', destination: HOST, port: 443 }]);
  });

  test('grows with those who stay, not with those who go', () => {
    const all = Array.from({ length: 200 }, (_, client) => flow(client, 1, 443));
    expect(cutFilters([...all, flow(250, 1, 443)], all).length).toBeLessThanOrEqual(32);
  });

  test('is none where nothing is to go', () => {
    expect(cutFilters([flow(1, 1, 22)], [])).toEqual([]);
  });
});
