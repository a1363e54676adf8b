// Runs one block of docs/sdk.md in Node, as a module that sdk-blocks.ts made of it: node run.ts MODULE, with the broker's address and
// token in the environment. Ends with 0 once the block has, or once a loop without an end has handled what it was to handle.

import { pathToFileURL } from "node:url";
import { createClient, Producer } from "sluice/client";
import type { BlockContext } from "./context.ts";

const { BROKER_URL: url = "", BROKER_TOKEN: token = "" } = process.env;
const HANDLED_AT_MOST = 3;

const client = createClient({ url, token });
let handled = 0;
let endsByItself = false;
const stopped = Promise.withResolvers<void>();

const context: BlockContext = {
  client,
  token,
  env: { SLUICE: { fetch: (asked, init) => fetch(asked.replace("http://sluice", url), init) }, SLUICE_TOKEN: token },
  app: { request: (asked, init) => fetch(asked.replace("http://sluice", url), init) },
  events: [{ clicks: 1 }, { clicks: 2 }],
  value: { total: 12 },
  path: new URL(import.meta.resolve("sluice/core.wasm")),
  get stopped() {
    endsByItself = true;
    return stopped.promise;
  },
  handle: async (value) => {
    console.log(JSON.stringify(value));
    handled++;
    if (handled === HANDLED_AT_MOST - 1) stopped.resolve();
    if (handled === HANDLED_AT_MOST && !endsByItself) process.exit(0);
  },
};

/** What a loop waits for: an order and a job now and then, as long as the block runs. */
async function feed(): Promise<never> {
  const producer = new Producer(client);
  for (let order = 1; ; order++) {
    await producer.send({ topic: "orders", partition: 0, key: `o${order}`, value: { order } });
    await producer.send({ topic: "jobs", value: { job: order } });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const { run } = (await import(pathToFileURL(process.argv[2]!).href)) as { run: (context: BlockContext) => Promise<void> };
void feed();
await run(context);
process.exit(0);
