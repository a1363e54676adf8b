// Posts webhooks to a broker as GitHub does: a ping, a push, and a redelivery of the push, which is written once.
//
//   npm start                                         (in another terminal)
//   npx node examples/webhooks/github/deliver.ts [--url http://127.0.0.1:8787] [--topic github-events] [--secret SECRET]
//
// It makes the topic and the source itself, where the broker needs no token for that.

import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8787" },
    topic: { type: "string", default: "github-events" },
    secret: { type: "string", default: "It's a Secret to Everybody" },
  },
});

const topicUrl = `${values.url}/v1/topics/${values.topic}`;
const repository = { id: 1296269, full_name: "octocat/Hello-World" };

await send("POST", `${values.url}/v1/topics`, { name: values.topic }); // 409 where it is there
const source = { signature: { scheme: "github", secrets: [values.secret] }, key: { pointer: "/repository/full_name" } };
const made = await send("PUT", `${topicUrl}/ingest/github`, source);
if (!made.ok) throw new Error(`the source was refused: ${await made.text()}`);

await deliver("ping", "1f1d1d40-0000-4000-8000-000000000001", { zen: "Practicality beats purity.", hook_id: 42, repository });
const push = { ref: "refs/heads/main", commits: [{ id: "7fd1a60b01f9", message: "Zażółć gęślą jaźń" }], repository };
await deliver("push", "1f1d1d40-0000-4000-8000-000000000002", push);
await deliver("push", "1f1d1d40-0000-4000-8000-000000000002", push); // as "Redeliver" does, or GitHub after a timeout

/** One webhook: a body, its signature, and the id that a redelivery has again. */
async function deliver(event: string, delivery: string, payload: object): Promise<void> {
  const body = JSON.stringify(payload);
  const headers = {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": event,
    "x-github-delivery": delivery,
    "x-hub-signature-256": `sha256=${createHmac("sha256", values.secret).update(body).digest("hex")}`,
  };
  const answer = await fetch(`${topicUrl}/ingest/github`, { method: "POST", headers, body });
  if (answer.status !== 202) throw new Error(`${event} was answered ${answer.status}: ${await answer.text()}`);
  const { topic, partition, offset, duplicate } = (await answer.json()) as Record<string, unknown>;
  console.log(`${event.padEnd(5)} ${delivery} -> ${topic}/${partition}/${offset}${duplicate ? " (was there already)" : ""}`);
}

function send(method: string, url: string, body: object): Promise<Response> {
  return fetch(url, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}
