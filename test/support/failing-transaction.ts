// A transaction that does something and then throws.

import { expect } from "vitest";

/** What is thrown is expected; that what `work` did is undone is for the test to see. */
export function failing(store: { transaction<T>(work: () => T): T }, work: () => void): void {
  const failed = () =>
    store.transaction(() => {
      work();
      throw new Error("no");
    });
  expect(failed).toThrow("no");
}
