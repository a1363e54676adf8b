// The package as it is installed: built into dist/, imported by its name, and the example run against a broker.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { type Broker, startBroker } from "../support/broker.ts";

const run = promisify(execFile);
/** Bundles, and the compiler's declarations. */
const BUILD_TIMEOUT_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let broker: Broker;

beforeAll(async () => {
  await run(process.execPath, ["scripts/build-sdk.ts"], { cwd: ROOT });
  broker = await startBroker();
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  await broker?.stop();
});

test("every export of the package is built, with its types", () => {
  const files = Object.values(packageJson.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  expect(files.filter((file) => !existsSync(ROOT + file))).toEqual([]);
});

test("the example runs, by the package's name", async () => {
  const { stdout } = await run(process.execPath, ["examples/sdk.ts", broker.url], { cwd: ROOT });
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toMatch(/^wrote 6 records, the first to partition \d at offset 0$/);
  expect(lines.slice(1, 7).sort()).toEqual(["/0", "/2", "/4", "/1", "/3", "/5"].map((page, i) => `user-${i < 3 ? 0 : 1} saw ${page}`));
  expect(lines[7]).toMatch(/^the group is at (\d:\d ?)+$/);
  expect(lines[8]).toBe("7 records were worked off");
});
