// The SDK in Node against the broker as users run it: the scenarios that every platform passes.

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { CORE_WASM } from "../../scripts/build-core.ts";
import { loadCodecs } from "../../src/codecs.ts";
import * as sdk from "../../src/sdk/index.ts";
import * as share from "../../src/sdk/share/share-consumer.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { type Kit, SCENARIOS } from "../support/sdk-scenarios/index.ts";
import { startSecuredBroker } from "../support/secured.ts";

let broker: Broker;
let kit: Kit;

beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: '{"group.initial.rebalance.delay.ms": "0"}' } });
  const codecs = await loadCodecs(await readFile(new URL(`../../${CORE_WASM}`, import.meta.url)));
  kit = {
    sdk,
    share,
    codecs,
    fetch: (url, init) => fetch(url, init),
    connect: (options) => sdk.createClient({ url: broker.url, ...options }),
  };
});
afterAll(async () => {
  await broker?.stop();
});

test.each(SCENARIOS)("$name", async ({ run, expected }) => {
  expect(await run(kit)).toEqual(expected);
});

test("without a valid token there is nothing where the broker has one", async () => {
  const secured = await startSecuredBroker();
  onTestFinished(async () => void (await secured.stop()));
  const refused = new sdk.Admin(sdk.createClient({ url: secured.url, token: "wrong" })).cluster();
  await expect(refused).rejects.toMatchObject({ name: "AuthenticationError", status: 401, code: "SASL_AUTHENTICATION_FAILED" });
});
