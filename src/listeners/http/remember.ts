// Remembers what a pure function gave for the strings that it was asked with last. A client that produces sends the same path and query
// again and again, and validating them costs more than the rest of the listener.

/** Longer keys are not kept: few repeat, and they would take the room of many. */
const MAX_KEY_LENGTH = 512;

const DEFAULT_MAX_ENTRIES = 256;

/** `compute`, remembering its last results; the oldest goes first. Results are shared: nobody may change them. Throws are not kept. */
export function remember<Input, Result>(
  compute: (input: Input) => Result,
  maxEntries: number = DEFAULT_MAX_ENTRIES,
): (key: string, input: () => Input) => Result {
  const results = new Map<string, Result>();
  return (key, input) => {
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = compute(input());
    if (key.length > MAX_KEY_LENGTH) return result;
    if (results.size >= maxEntries) results.delete(results.keys().next().value!);
    results.set(key, result);
    return result;
  };
}
