// What options of producers, consumers and clients have in common: one that is undefined has its default, and a number that cannot be is
// refused by its name, at once, where it would be a wait without an end, or none at all, later.

/** The longest wait that a timer knows (ms, 24.8 days): with more it rings at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The options that are given, over the defaults. */
export function withDefaults<Defaults extends object, Options extends object>(defaults: Defaults, options: Options): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;
}

/** @throws RangeError that names the option, unless it is an integer within the bounds */
export function requireInteger(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`${name} must be an integer ${bounds}, not ${value}`);
}
