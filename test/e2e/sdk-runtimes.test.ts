// The built SDK in Bun and in Deno, installed as a package, against the broker as `npm start` runs it: the scenarios that every platform
// passes, live tails over a kill -9, and the example.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSdk } from "../../scripts/build-sdk.ts";
import { Admin, createClient, Producer } from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { hasRuntime, type InstalledSdk, installSdk, RUNTIMES, type Runtime, type RuntimeProcess } from "../support/sdk-runtimes.ts";
import { SCENARIOS } from "../support/sdk-scenarios/index.ts";
import type { BrokerAccess } from "../support/sdk-scenarios/program.ts";
import { texts } from "../support/sdk-scenarios/scenario.ts";
import { until } from "../support/until.ts";

const BUILD_TIMEOUT_MS = 120_000;
const TOKEN = "the-token-of-this-test";

describe.each(Object.keys(RUNTIMES) as Runtime[])("%s", (runtime) => {
  const isThere = hasRuntime(runtime);
  if (!isThere)
    console.error(`${runtime} is not installed: THE SDK IS NOT TESTED IN IT. npm install --no-package-lock --prefix test/runtimes`);

  test.skipIf(!process.env.CI && !isThere)("is there", () => {
    expect(isThere).toBe(true);
  });

  describe.skipIf(!isThere)("runs the SDK:", () => {
    let sdk: InstalledSdk;
    let broker: Broker;
    let program: RuntimeProcess;
    let access: BrokerAccess;

    beforeAll(async () => {
      await buildSdk();
      sdk = await installSdk();
      const env = { SLUICE_ADMIN_TOKEN: TOKEN, SLUICE_GROUP_CONFIGS: '{"group.initial.rebalance.delay.ms": "0"}' };
      broker = await startBroker({ env });
      access = { url: broker.url, token: TOKEN };
      program = sdk.start(runtime);
    }, BUILD_TIMEOUT_MS);
    afterAll(async () => {
      const [ended] = await Promise.all([program?.close(), broker?.stop()]);
      sdk?.remove();
      expect(ended).toEqual({ code: 0, complaints: "" });
    });

    test.each(SCENARIOS)("$name", async ({ name, expected }) => {
      expect(await program.call("run", name, access)).toEqual(expected);
    });

    test("live tails miss nothing and see nothing twice when the broker is killed while another produces", async () => {
      const client = createClient(access);
      await new Admin(client).topics.create({ name: "killed", partitions: 1 });
      const produce = async (from: number) => {
        const producer = new Producer(client);
        await producer.sendAll(texts(5, from).map((value) => ({ topic: "killed", value })));
        await producer.close();
      };
      const haveSeen = (count: number) => async () => {
        const { sse, websocket } = (await program.call("seen")) as Record<"sse" | "websocket", string[]>;
        return sse.length >= count && websocket.length >= count;
      };
      await produce(0);
      await program.call("follow", "killed", access);
      await until("both have what is there", haveSeen(5));
      await broker.kill9();
      await broker.restart();
      await produce(5);
      await until("both go on", haveSeen(10));
      expect(await program.call("seen")).toEqual({ sse: texts(10), websocket: texts(10) });
    });

    test("the example does what it says, and ends", async () => {
      const open = await startBroker();
      const printed = await sdk.run(runtime, "examples/sdk.ts", open.url).finally(() => open.stop());
      expect(printed).toMatch(/^wrote 6 records, (.+\n){8}7 records were worked off\n$/);
    });
  });
});
