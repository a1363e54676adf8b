// Waiting for time to pass.

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function waitUnless(signal: AbortSignal, ms: number): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = (): void => resolve();
  signal.addEventListener("abort", end);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
