// Contenders that take turns: each round runs every one of them once, in an order that changes, and the median counts. Only ratios from
// the same minutes mean anything on a machine that does other things too.

export const isSmoke = process.argv.includes("--smoke");

/** `full` for a measurement, `smoke` when only shown that everything runs. */
export function sized(full: number, smoke: number): number {
  return isSmoke ? smoke : full;
}

/** Runs each contender once per round, after one round that does not count. Resolves to each one's figures. */
export async function takeTurns<Name extends string>(
  contenders: Readonly<Record<Name, () => Promise<number>>>,
  rounds = sized(5, 1),
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  if (!isSmoke) for (const name of names) await contenders[name]();
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) figures[name].push(await contenders[name]());
  }
  return figures;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that a fraction `q` of the values does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

/** Prints one row per contender: its median, its range, and its median over the reference's. */
export function printTurns(title: string, unit: string, figures: Readonly<Record<string, readonly number[]>>, reference: string): void {
  console.log(`\n${title}`);
  const base = median(figures[reference]!);
  for (const [name, values] of Object.entries(figures)) {
    const ratio = name === reference ? "reference" : `${(median(values) / base).toFixed(2)} x ${reference}`;
    const range = `${format(Math.min(...values))} to ${format(Math.max(...values))}`;
    console.log(`  ${name.padEnd(34)}${format(median(values)).padStart(10)} ${unit.padEnd(5)}  (${range})  ${ratio}`);
  }
}

export function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
