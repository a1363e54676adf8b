// Waiting for a condition, since what happens in another process tells nobody.

const POLL_MS = 50;
const GIVE_UP_MS = 60_000;

/** Resolves once `isTrue`; rejects after a minute, with what was waited for. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`waited ${GIVE_UP_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS)); // as pages and Workers have it too
  }
}
