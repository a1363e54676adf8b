// Times several ways of doing the same work against each other. They take turns, so that a slow moment of the machine hits them all, and
// the median counts.

export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

/** `--smoke` on the command line: only show that the benchmark runs. */
export const isSmoke = process.argv.includes("--smoke");

/** MB/s (10^6 bytes) of each contender at work on `bytes` bytes per run. */
export function measure(bytes: number, contenders: readonly Contender[], rounds = isSmoke ? 1 : 15): Map<string, number> {
  const roundMs = isSmoke ? 1 : 20;
  const timed = contenders.map(({ name, run }) => ({ name, run, runs: 1, times: [] as number[] }));
  for (const contender of timed) {
    const once = timeOf(contender.run, 2) / 2;
    contender.runs = Math.max(1, Math.round(roundMs / once));
  }
  for (let round = 0; round < rounds; round++) {
    for (const { run, runs, times } of timed) times.push(timeOf(run, runs) / runs);
  }
  return new Map(timed.map(({ name, times }) => [name, bytes / 1000 / median(times)]));
}

function timeOf(run: () => unknown, runs: number): number {
  const start = performance.now();
  for (let index = 0; index < runs; index++) run();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}
