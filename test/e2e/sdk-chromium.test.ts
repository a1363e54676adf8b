// The built SDK in a page of headless Chromium, against the broker as `npm start` runs it, on another origin: the scenarios that every
// platform passes, with a token and the page's origin allowed; and what a page may that is not allowed.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSdk } from "../../scripts/build-sdk.ts";
import { Admin, createClient, Producer } from "../../src/sdk/index.ts";
import { type Broker, isAlive, startBroker } from "../support/broker.ts";
import { type Chromium, hasChromium, startChromium } from "../support/chromium.ts";
import { docPage } from "../support/sdk-docs/blocks.ts";
import { type SdkSite, serveSdk } from "../support/sdk-page.ts";
import { SCENARIOS } from "../support/sdk-scenarios/index.ts";
import type { BrokerAccess } from "../support/sdk-scenarios/program.ts";
import { expectTailsOverKill } from "../support/sdk-scenarios/tails-over-kill.ts";

const BUILD_TIMEOUT_MS = 120_000;
const TOKEN = "the-token-of-this-test";

if (!hasChromium()) console.error("chromium is not installed: THE SDK IS NOT TESTED IN A BROWSER. .ci/run installs it.");

test.skipIf(!process.env.CI && !hasChromium())("chromium is there", () => {
  expect(hasChromium()).toBe(true);
});

describe.skipIf(!hasChromium())("the SDK in Chromium", () => {
  let site: SdkSite;
  let broker: Broker;
  let browser: Chromium;
  let page: Page;
  let access: BrokerAccess;

  beforeAll(async () => {
    await buildSdk();
    site = await serveSdk();
    const env = {
      SLUICE_ADMIN_TOKEN: TOKEN,
      SLUICE_ALLOWED_ORIGINS: `http://localhost:${site.port}`,
      SLUICE_GROUP_CONFIGS: '{"group.initial.rebalance.delay.ms": "0"}',
    };
    [broker, browser] = await Promise.all([startBroker({ env }), startChromium()]);
    access = { url: broker.url, token: TOKEN };
    page = await browser.open(`http://localhost:${site.port}/`);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([browser?.close(), broker?.stop(), site?.close()]);
  });

  test.each(SCENARIOS)("$name", async ({ name, expected }) => {
    expect(await callIn(page, "run", name, access)).toEqual(expected);
    expect(browser.complaints).toEqual([]);
  });

  test("the page of docs/sdk.md shows what is there, and what comes while it looks", async () => {
    const client = createClient(access);
    await new Admin(client).topics.create({ name: "clicks", partitions: 1 });
    const producer = new Producer(client);
    await producer.send({ topic: "clicks", value: "before" });
    site.pages.set("/docs", docPage({ url: broker.url, token: TOKEN }));
    const shown = await browser.open(`http://localhost:${site.port}/docs`);
    await shown.getByText("0: before").waitFor();
    await producer.send({ topic: "clicks", value: "while it looks" });
    await shown.getByText("1: while it looks").waitFor();
    await producer.close();
    await shown.close();
  });

  test("live tails of a page miss nothing and see nothing twice when the broker is killed while another produces", async () => {
    await expectTailsOverKill(broker, access, (name, ...args) => callIn(page, name, ...args));
  });

  test("a page that is not allowed reads nothing, writes nothing and opens no WebSocket, though it has the token", async () => {
    const foreign = await browser.open(`http://127.0.0.1:${site.port}/`);
    const seen = await foreign.evaluate(
      async ({ url, token }) => {
        const failed = (work: Promise<unknown>) => work.then(() => false).catch((error: unknown) => error instanceof TypeError);
        const authorization = `Bearer ${token}`;
        const socket = new WebSocket(`${url.replace("http", "ws")}/v1/topics/t/tail?access_token=${token}`);
        const ended = new Promise((resolve) => {
          for (const event of ["open", "error"]) socket.addEventListener(event, () => resolve(event));
        });
        return {
          read: await failed(fetch(`${url}/healthz`)),
          write: await failed(fetch(`${url}/v1/topics`, { method: "POST", headers: { authorization }, body: '{"name": "foreign"}' })),
          socket: await ended,
        };
      },
      { url: broker.url, token: TOKEN },
    );
    expect(seen).toEqual({ read: true, write: true, socket: "error" });
    const topics = await fetch(`${broker.url}/v1/topics?prefix=foreign`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await topics.json()).toMatchObject({ topics: [] });
    await foreign.close();
  });

  test("a page of the same machine needs neither token nor setting where the broker is open", async () => {
    const open = await startBroker();
    for (const { name, expected } of SCENARIOS.filter((scenario) => /live tail by|the cluster/.test(scenario.name))) {
      expect(await callIn(page, "run", name, { url: open.url })).toEqual(expected);
    }
    await open.stop();
  });

  test("the browser ends with its test", async () => {
    const another = await startChromium();
    expect(isAlive(another.pid)).toBe(true);
    await another.close();
    expect(isAlive(another.pid)).toBe(false);
  });
});

/** Calls a function of the page's module. As text, since a page knows nothing of this file: its imports are the browser's. */
function callIn(page: Page, name: string, ...args: readonly unknown[]): Promise<unknown> {
  return page.evaluate(`import("/page.js").then((module) => module.${name}(...${JSON.stringify(args)}))`);
}
