// Timing for the benchmarks: contenders take turns in one process, because only ratios from the same minutes mean anything.

/** `--smoke` only shows that everything runs. */
const smoke = process.argv.includes("--smoke");

/** How long a turn is, and how many there are; the median turn counts. Short turns: on a busy machine, some of them are undisturbed. */
const TURN_MS = smoke ? 1 : 10;
const TURNS = smoke ? 1 : 51;

/** Median speed of each contender in MB/s (10^6 bytes), when one call handles `bytes` bytes. */
export function measure(bytes: number, contenders: Record<string, () => void>): Record<string, number> {
  const names = Object.keys(contenders);
  const speeds = Object.fromEntries(names.map((name): [string, number[]] => [name, []]));
  for (const name of names) turn(bytes, contenders[name]!);
  for (let i = 0; i < TURNS; i++) {
    for (const name of names) speeds[name]!.push(turn(bytes, contenders[name]!));
  }
  return Object.fromEntries(names.map((name) => [name, median(speeds[name]!)]));
}

function turn(bytes: number, call: () => void): number {
  const start = performance.now();
  let calls = 0;
  let elapsed: number;
  do {
    call();
    calls++;
    elapsed = performance.now() - start;
  } while (elapsed < TURN_MS);
  return (bytes * calls) / 1000 / elapsed;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
