// The built SDK in Bun and in Deno, installed as a package, against the broker as `npm start` runs it: the scenarios that every platform
// passes, live tails over a kill -9, and the example.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSdk } from "../../scripts/build-sdk.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { hasRuntime, type InstalledSdk, installSdk, RUNTIMES, type Runtime, type RuntimeProcess } from "../support/sdk-runtimes.ts";
import { SCENARIOS } from "../support/sdk-scenarios/index.ts";
import type { BrokerAccess } from "../support/sdk-scenarios/program.ts";
import { expectTailsOverKill } from "../support/sdk-scenarios/tails-over-kill.ts";

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
      await expectTailsOverKill(broker, access, (name, ...args) => program.call(name, ...args));
    });

    test("the example does what it says, and ends", async () => {
      const open = await startBroker();
      const printed = await sdk.run(runtime, "examples/sdk.ts", open.url).finally(() => open.stop());
      expect(printed).toMatch(/^wrote 6 records, (.+\n){8}7 records were worked off\n$/);
    });
  });
});
