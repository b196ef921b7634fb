/** The value below which the share `q` (0 to 1) of the samples lies. */
export function quantile(samples: Iterable<number>, q: number): number {
  const sorted = Float64Array.from(samples).toSorted();
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  if (found === undefined) throw new RangeError('no samples, no quantile');
  return found;
}

/** Of an even number of samples the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  return (quantile(samples, 0.5) + quantile(samples, 0.5 - 0.5 / samples.length)) / 2;
}
