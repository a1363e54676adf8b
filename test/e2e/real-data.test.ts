// The example runs as it is written for its reader: against a broker started by `npm start`, here with a topic of an earlier run in it.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startBroker } from "../support/broker.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/real-data.ts", import.meta.url));

const TIMEOUT_MS = 240_000;

test("three real data sets come back the same by every way to read", { timeout: TIMEOUT_MS }, async () => {
  const broker = await startBroker();
  onTestFinished(async () => {
    await broker.stop();
  });
  const headers = { "content-type": "application/json" };
  const stale = JSON.stringify({ name: "github", partitions: 1 });
  expect((await fetch(`${broker.url}/v1/topics`, { method: "POST", headers, body: stale })).status).toBe(201);
  expect((await fetch(`${broker.url}/v1/topics/github/records`, { method: "POST", body: "of an earlier run" })).status).toBe(200);

  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, "--url", broker.url]);
  expect(stdout).toContain("flights: 200000 rows in 6 partitions");
  expect(stdout).toContain("github: 955 rows in 3 partitions");
  expect(stdout).toContain("earthquakes: 1707 rows in 4 partitions");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("every row once, in its key's partition, in order, byte for byte");
});
