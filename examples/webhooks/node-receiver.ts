// A webhook receiver in Node: checks signatures with the `standardwebhooks` package, and prints each record once.
//
//   SLUICE_ALLOW_PRIVATE_WEBHOOKS=1 npm start       (in another terminal; without it webhooks go to public https URLs alone)
//   npx node examples/webhooks/node-receiver.ts [--url http://127.0.0.1:8787] [--topic orders] [--count N]
//
// It subscribes itself, to a topic that it makes if it is not there; --count ends it after so many records.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Webhook } from "standardwebhooks";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8787" },
    topic: { type: "string", default: "orders" },
    count: { type: "string", default: "Infinity" },
  },
});

interface HookRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** What was done, by the name that a record has for ever: a repeat is recognised by it. */
const done = new Set<string>();
let webhook: Webhook;

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  try {
    webhook.verify(body, request.headers as Record<string, string>);
  } catch {
    response.writeHead(401).end("bad signature");
    return;
  }
  for (const { topic, partition, offset, key, value } of (JSON.parse(body) as { records: HookRecord[] }).records) {
    const name = `${topic}/${partition}/${offset}`;
    if (done.has(name)) continue;
    done.add(name);
    console.log(`${name}: ${key} = ${value}`);
  }
  response.writeHead(204).end(); // only now: an answer of 2xx says that the records are done
  if (done.size >= Number(values.count)) server.close();
});

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as AddressInfo;
  await fetch(`${values.url}/v1/topics`, { method: "POST", body: JSON.stringify({ name: values.topic }) });
  const subscription = { topics: [values.topic], url: `http://127.0.0.1:${port}/`, order: "key", from: "earliest", paused: true };
  const { secret } = await call("PUT", subscription);
  webhook = new Webhook(secret ?? (await call("POST", { overlapMs: 0 }, "/rotate-secret")).secret!);
  await call("POST", {}, "/resume");
  console.log(`records of topic ${values.topic} come to port ${port}`);
});

async function call(method: string, body: unknown, path = ""): Promise<{ secret?: string }> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${values.url}/v1/subscriptions/example${path}`, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { secret?: string };
}
