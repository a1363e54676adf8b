// Records acknowledged through a share group, by 1, 10 and 50 workers on one partition that pull 100 records at a time and acknowledge them
// all, without order and with order by key; against one reader that fetches the same records, 100 at a time, and settles nothing.
//
//   npm run bench -- share-groups        (docs: bench/README.md)

import { startBroker } from "../test/support/broker.ts";
import { printTurns, sized, takeTurns } from "./support/rounds.ts";
import { createTopic } from "./support/setting.ts";

const TOPIC = "work";
const RECORDS = sized(10_000, 500);
const PAGE_RECORDS = 100;
const VALUE = "x".repeat(100);
/** Each has 20 records at a time in a window of 10,000, of which one can be handed out. */
const KEYS = 500;
const PRODUCE_RECORDS = 1_000;
const WORKERS = [1, 10, 50] as const;
const ORDERS = ["none", "key"] as const;

interface Pulled {
  readonly records: readonly { readonly leaseId: string }[];
}

async function send<Answer>(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function fill(url: string): Promise<void> {
  await createTopic(url, TOPIC);
  for (let first = 0; first < RECORDS; first += PRODUCE_RECORDS) {
    const count = Math.min(PRODUCE_RECORDS, RECORDS - first);
    const records = Array.from({ length: count }, (_, index) => ({ key: `k${(first + index) % KEYS}`, value: VALUE }));
    await send(url, "POST", `/v1/topics/${TOPIC}/records?offsets=false`, { records });
  }
}

/** Records a second that one reader fetches. */
async function fetchAll(url: string): Promise<number> {
  const startMs = performance.now();
  for (let offset = 0; offset < RECORDS; offset += PAGE_RECORDS) {
    await send(url, "GET", `/v1/topics/${TOPIC}/partitions/0/records?offset=${offset}&maxRecords=${PAGE_RECORDS}`);
  }
  return RECORDS / ((performance.now() - startMs) / 1000);
}

let groups = 0;

/** Records a second that the workers of a new group acknowledge. */
async function shareAll(url: string, workers: number, order: (typeof ORDERS)[number]): Promise<number> {
  const group = `/v1/share-groups/group-${groups++}`;
  await send(url, "PUT", group, { order, maxInFlight: 10_000 });
  const startMs = performance.now();
  let left = RECORDS;
  const work = async (): Promise<void> => {
    while (left > 0) {
      const { records } = await send<Pulled>(url, "POST", `${group}/pull`, { topics: [TOPIC], maxRecords: PAGE_RECORDS, maxWaitMs: 100 });
      if (records.length === 0) continue;
      await send(url, "POST", `${group}/ack`, { acks: records.map(({ leaseId }) => leaseId) });
      left -= records.length;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return RECORDS / ((performance.now() - startMs) / 1000);
}

const broker = await startBroker();
try {
  await fill(broker.url);
  const shared = ORDERS.flatMap((order) =>
    WORKERS.map((workers) => [`${workers} workers, order ${order}`, () => shareAll(broker.url, workers, order)] as const),
  );
  const contenders = { "one reader, plain fetch": () => fetchAll(broker.url), ...Object.fromEntries(shared) };
  printTurns(
    `records of ${VALUE.length} bytes, ${PAGE_RECORDS} a request`,
    "/s",
    await takeTurns(contenders, sized(3, 1)),
    "one reader, plain fetch",
  );
} finally {
  await broker.stop();
}
