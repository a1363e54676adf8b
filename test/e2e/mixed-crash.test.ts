// mixed-crash.ts in short: everything at once, over the first two ways that a broker's processes can be killed.

import { expect, test } from "vitest";
import { crashEverything } from "./mixed-crash.ts";

test("kills of either process under every kind of client lose nothing and double nothing", { timeout: 180_000 }, async ({ annotate }) => {
  const seed = Math.floor(Math.random() * 1_000_000);
  const lines = await crashEverything({ rounds: 2, seed, frozenMs: 0 });
  expect(lines).toHaveLength(5);
  await annotate(`seed ${seed}: ${lines.join("; ")}`);
});
