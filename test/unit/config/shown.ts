import type { Config, Source } from '../../../src/config/model.ts';
import { formatPortRange, parsePortRange } from '../../../src/net/port.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix.ts';
import type { ListName } from './arbitrary-config.ts';

const showSource = (source: Source): string => {
  if (source.kind === 'prefix') return formatPrefix(source.prefix);
  return source.kind === 'name' ? source.name : `file:${source.path}`;
};

/** A value as Seawall writes it. */
export const canonical = (value: string): string => {
  const [prefix, range] = [parsePrefix(value), parsePortRange(value)];
  if (prefix.ok) return formatPrefix(prefix.value);
  return range.ok ? formatPortRange(range.value) : value;
};

/** The entries of a list, as Seawall writes them. */
export const shown = (config: Config | undefined, list: ListName): string[] => {
  if (list === 'public') return config?.public.map(({ range }) => formatPortRange(range)) ?? [];
  return config?.[list].map(showSource) ?? [];
};
