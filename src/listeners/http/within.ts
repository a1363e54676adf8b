// Waits for a promise, but not for ever.

/** The promise's value, or null after `ms`. The promise goes on; null is not one of its values. */
export async function within<T extends object>(promise: Promise<T>, ms: number): Promise<T | null> {
  const timer = Promise.withResolvers<null>();
  const id = setTimeout(() => timer.resolve(null), ms);
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(id);
  }
}
