// Waits that end with the client: for what it does, and for what is done for it.

import { ClientGone } from "./call.ts";

/** @throws ClientGone when the work fails, or takes longer than a client may be silent */
export async function orGone<T>(work: Promise<T>, idleMs: number): Promise<T> {
  const { promise: idle, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new ClientGone(`nothing moved for ${idleMs} ms`)), idleMs);
  try {
    return await Promise.race([work, idle]);
  } catch (error) {
    throw error instanceof ClientGone ? error : new ClientGone(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** @throws ClientGone once `signal` aborts; the work goes on, for nobody. */
export async function whileThere<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new ClientGone("the client left before its answer"));
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave);
  try {
    return await Promise.race([work, gone]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
