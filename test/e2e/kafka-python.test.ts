// Python's two Kafka clients as Debian packages them: confluent-kafka (librdkafka) and kafka-python (old, pure Python). Each runs a
// script in clients/ that makes a topic, produces, reads in a group and commits.

import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";

/** Debian's own, which has Debian's packages, whatever else is on the path. */
const PYTHON = "/usr/bin/python3";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

function hasModule(name: string): boolean {
  return spawnSync(PYTHON, ["-c", `import ${name}`]).status === 0;
}

async function runClient(script: string, topic: string): Promise<unknown> {
  const file = fileURLToPath(new URL(`clients/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(PYTHON, [file, broker.kafkaAddress, topic], { timeout: 120_000 });
  return JSON.parse(stdout);
}

describe.each([
  {
    name: "confluent-kafka",
    module: "confluent_kafka",
    script: "confluent_client.py",
    expected: { errors: [], unsent: 0, cleanupPolicy: "delete", isComplete: true, committed: 1000 },
  },
  {
    name: "kafka-python",
    module: "kafka",
    script: "kafka_python_client.py",
    expected: { sent: 1000, isComplete: true, committed: 1000, groups: ["kafka-readers"] },
  },
])("$name", ({ name, module, script, expected }) => {
  const isThere = hasModule(module);
  if (!isThere) console.error(`python3-${name} is not installed: THE KAFKA DOOR IS NOT TESTED WITH IT. .ci/run installs it.`);

  test.skipIf(!process.env.CI && !isThere)("is there", () => {
    expect(isThere).toBe(true);
  });

  test.skipIf(!isThere)("makes a topic, produces, reads in a group and commits", async () => {
    expect(await runClient(script, module)).toEqual(expected);
  });
});

test.skipIf(!hasModule("confluent_kafka"))("confluent-kafka commits and aborts transactions with offsets, and is fenced", async () => {
  const expected = { isComplete: true, count: 152, committed: 5, fenced: "_FENCED" };
  expect(await runClient("confluent_transactions.py", "transactions")).toEqual(expected);
});
