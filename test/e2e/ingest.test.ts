// Inbound webhooks over the network, by `npm start`: senders that try again while the broker is killed with kill -9, and what requests look
// like that no client library would make.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { exchange } from "../support/raw-http.ts";
import { until } from "../support/until.ts";
import { githubRequest, type SignedRequest } from "../support/webhook-senders.ts";
import { callJson } from "./webhooks.ts";

const SECRET = "It's a Secret to Everybody";
const PARTITIONS = 2;

interface Ingested {
  readonly partition: number;
  readonly offset: number;
  readonly duplicate: boolean;
}

interface StoredRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: readonly { readonly key: string; readonly value: unknown }[];
}

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

async function makeSource(on: Broker, topic: string): Promise<void> {
  await callJson(on, "POST", "/v1/topics", { name: topic, partitions: PARTITIONS });
  await callJson(on, "PUT", `/v1/topics/${topic}/ingest/github`, { signature: { scheme: "github", secrets: [SECRET] } });
}

async function recordsOf(on: Broker, topic: string): Promise<(StoredRecord & { partition: number })[]> {
  const all = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const path = `/v1/topics/${topic}/partitions/${partition}/records?offset=earliest&maxRecords=100000`;
    const { records } = await callJson<{ records: StoredRecord[] }>(on, "GET", path);
    all.push(...records.map((record) => ({ ...record, partition })));
  }
  return all;
}

/** As a sender does it: again and again until it is taken. */
async function deliver(on: Broker, topic: string, { headers, body }: SignedRequest): Promise<Ingested> {
  for (;;) {
    try {
      const answer = await fetch(`${on.url}/v1/topics/${topic}/ingest/github`, { method: "POST", headers, body });
      const taken = (await answer.json()) as Ingested;
      if (answer.status === 202) return taken;
      if (answer.status < 500) throw new TypeError(`answered ${answer.status}: ${JSON.stringify(taken)}`);
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith("answered")) throw error;
    }
    await sleep(20); // the broker is gone, or not back yet
  }
}

test("each event is written once, however often it is delivered and whenever the broker is killed with kill -9", async () => {
  const KILLS = 3;
  const EVENTS = 240;
  const killed = await startBroker();
  onTestFinished(async () => {
    await killed.stop();
  });
  await makeSource(killed, "killed");
  const random = seededRandom(7);
  const ids = Array.from({ length: EVENTS }, (_, index) => `event-${index}`);
  const answers = new Map<string, Ingested[]>(ids.map((id) => [id, []]));
  const deliveries = ids.flatMap((id) => Array<string>(2 + Math.floor(random() * 3)).fill(id)).sort(() => random() - 0.5);
  let done = 0;
  const send = async (): Promise<void> => {
    for (let id = deliveries.pop(); id !== undefined; id = deliveries.pop()) {
      answers.get(id)!.push(await deliver(killed, "killed", await githubRequest(SECRET, id, { id })));
      done += 1;
    }
  };
  const total = deliveries.length;
  const senders = Promise.all(Array.from({ length: 12 }, send));
  for (let kill = 1; kill <= KILLS; kill++) {
    await until(`a part of the events is taken (${kill})`, () => done >= (total * kill) / (KILLS + 1));
    await killed.kill9();
    await killed.restart();
  }
  await senders;
  const records = await recordsOf(killed, "killed");
  expect(records.map(({ key }) => key).sort()).toEqual([...ids].sort());
  for (const { key, partition, offset, value } of records) {
    expect(JSON.parse(value)).toEqual({ id: key });
    const told = answers.get(key!)!;
    expect(told.map((answer) => [answer.partition, answer.offset])).toEqual(told.map(() => [partition, offset]));
    expect(told.filter(({ duplicate }) => !duplicate).length).toBeLessThanOrEqual(1);
  }
});

test("headers are kept as they were sent: in UTF-8, several of a name as one, and without what is for this hop", async () => {
  await makeSource(broker, "headers");
  const { headers, body } = await githubRequest(SECRET, "1", { a: 1 });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [
    ...["POST /v1/topics/headers/ingest/github HTTP/1.1", "Host: hooks.example.com", ...lines],
    ...["X-Name: Żółć", "X-Many: a", "X-Many: b, c", "X-Empty:", "Cookie: a=b", "Connection: close, X-Hop", "X-Hop: 1"],
    ...[`Content-Length: ${body.length}`, "", ""],
  ];
  const { statuses, bodies } = await exchange(broker.port, [Buffer.from(head.join("\r\n")), body]);
  expect(statuses).toEqual([202]);
  expect(bodies).toMatchObject([{ topic: "headers", offset: 0, duplicate: false }]);
  const [record] = await recordsOf(broker, "headers");
  const kept = Object.fromEntries(record!.headers.map(({ key, value }) => [key, value]));
  expect(kept).toEqual({
    ...headers,
    ...{ "x-name": "Żółć", "x-many": "a, b, c", "x-empty": "" },
    ...{ "sluice.source": "github", "sluice.event.id": "1" },
  });
});

test("signature headers of any bytes are refused, and the broker goes on", async () => {
  await makeSource(broker, "hostile");
  const { headers, body } = await githubRequest(SECRET, "1", {});
  const random = seededRandom(11);
  for (let round = 0; round < 40; round++) {
    const junk = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 80) }, () => 0x21 + Math.floor(random() * 0xde)));
    const head = `POST /v1/topics/hostile/ingest/github HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${body.length}\r\nX-Hub-Signature-256: `;
    const prefix = round % 2 === 0 ? "sha256=" : "";
    const { statuses } = await exchange(broker.port, [head + prefix, junk, "\r\n\r\n", body]);
    expect(
      statuses.every((status) => status === 401 || status === 400),
      String(statuses),
    ).toBe(true);
  }
  expect(await deliver(broker, "hostile", { headers, body })).toMatchObject({ offset: 0, duplicate: false });
});
