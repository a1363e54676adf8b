// A changelog: many updates over few keys into one compacted partition, and at the end deletions. Proves that compaction leaves the newest
// value of each key, takes deleted keys away after their time, and that whoever reads it meanwhile is never told anything wrong.
//
//   node test/e2e/changelog.ts [--updates 1000000] [--keys 10000]
//
// Values count up over all updates. A reader that replays the log from its start, up to where it ended when the reader began, must hold for
// each key a value at least as new as the last that was acknowledged by then. Idempotent producing goes on all the while.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";

const TOPIC = "changelog";
const RECORDS_PER_REQUEST = 5_000;
const POLL_MS = 200;

/** For compaction to be done once nothing is written any more. */
const SETTLE_TIMEOUT_MS = 180_000;

/** One in so many keys is deleted at the end. */
const DELETED_ONE_IN = 10;

const CONFIGS = {
  "cleanup.policy": "compact",
  "segment.bytes": "4000000",
  "segment.ms": "2000",
  "min.cleanable.dirty.ratio": "0.1",
  "delete.retention.ms": "1000",
};

export interface ChangelogOptions {
  readonly updates: number;
  readonly keys: number;
}

export interface ChangelogFigures {
  readonly updates: number;
  readonly produceSeconds: number;
  /** From the last deletion until nothing was left but the newest values. */
  readonly settleSeconds: number;
  /** Of the whole log while updates came. */
  readonly replays: number;
  readonly liveKeys: number;
  readonly deletedKeys: number;
  /** Records left at the end. */
  readonly records: number;
}

/** Rejects at the first broken promise. */
export async function runChangelog({ updates, keys }: ChangelogOptions): Promise<ChangelogFigures> {
  const broker = await startBroker();
  try {
    await postJson(`${broker.url}/v1/topics`, { name: TOPIC, partitions: 1, configs: CONFIGS });
    const writer = await createWriter(broker.url, keys);
    const start = performance.now();
    const { replays } = await replayWhile(writer.update(updates), broker, writer.newest);
    const produced = performance.now();
    await writer.deleteOneIn(DELETED_ONE_IN);
    const records = await waitUntilCompact(broker, writer.newest);
    const deletedKeys = [...writer.newest.values()].filter((value) => value === null).length;
    return {
      ...{ updates, replays, records, deletedKeys, liveKeys: writer.newest.size - deletedKeys },
      produceSeconds: (produced - start) / 1000,
      settleSeconds: (performance.now() - produced) / 1000,
    };
  } finally {
    await broker.stop();
  }
}

/** By key: the newest acknowledged value, null once deleted. */
type Newest = Map<string, number | null>;

interface Writer {
  readonly newest: Newest;
  update(count: number): Promise<void>;
  deleteOneIn(interval: number): Promise<void>;
}

async function createWriter(url: string, keys: number): Promise<Writer> {
  const identity = (await postJson(`${url}/v1/producers`, {})) as object;
  const newest: Newest = new Map();
  let baseSequence = 0;
  const send = async (records: readonly { readonly key: string; readonly value: number | null }[]): Promise<void> => {
    const body = { ...identity, baseSequence, records: records.map((record) => ({ ...record, partition: 0 })) };
    const { results } = (await postJson(`${url}/v1/topics/${TOPIC}/records?offsets=false`, body)) as { results: { code?: string }[] };
    if (results.length !== 1 || results[0]!.code !== undefined) throw new Error(`refused: ${JSON.stringify(results)}`);
    baseSequence += records.length;
    for (const { key, value } of records) newest.set(key, value);
  };
  return {
    newest,
    async update(count) {
      for (let first = 0; first < count; first += RECORDS_PER_REQUEST) {
        const length = Math.min(RECORDS_PER_REQUEST, count - first);
        // A stride that shares no factor with most key counts: every key comes again and again, in no plain order.
        await send(Array.from({ length }, (_, index) => ({ key: `key ${((first + index) * 7919) % keys}`, value: first + index })));
      }
    },
    async deleteOneIn(interval) {
      const doomed = [...newest.keys()].filter((_, index) => index % interval === 0);
      for (let first = 0; first < doomed.length; first += RECORDS_PER_REQUEST)
        await send(doomed.slice(first, first + RECORDS_PER_REQUEST).map((key) => ({ key, value: null })));
    },
  };
}

/** Replays the log again and again until the work is done. */
async function replayWhile(work: Promise<void>, broker: Broker, newest: Newest): Promise<{ replays: number }> {
  let isDone = false;
  let replays = 0;
  const done = work.finally(() => {
    isDone = true;
  });
  const replayAll = async (): Promise<void> => {
    while (!isDone) {
      const acknowledged = new Map(newest);
      const { values } = await replay(broker.url);
      for (const [key, value] of acknowledged) {
        const found = values.get(key);
        if (found == null || found < value!) throw new Error(`${key} was ${value} before the replay began, and is ${found} after it`);
      }
      replays += 1;
    }
  };
  await Promise.all([done, replayAll()]);
  return { replays };
}

/** Waits until the log has one record for each key that is left, the right one. @returns how many records it has */
async function waitUntilCompact(broker: Broker, newest: Newest): Promise<number> {
  const live = [...newest].filter(([, value]) => value !== null);
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const { values, records } = await replay(broker.url);
    for (const [key, value] of newest) {
      const found = values.get(key);
      if ((found ?? null) !== value) throw new Error(`${key} is ${found}, and should be ${value}`);
    }
    if (records === live.length && values.size === live.length) return records;
    if (performance.now() > deadline) throw new Error(`${records} records are left, ${live.length} keys`);
    await sleep(POLL_MS);
  }
}

interface Replay {
  /** The newest value of each key that the log still tells of; null where that is a deletion. */
  readonly values: Map<string, number | null>;
  readonly records: number;
}

interface FetchAnswer {
  readonly records: readonly { readonly offset: number; readonly key: string; readonly value: number | null }[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** Reads from the start to where the log ended at the first answer, or a little further. */
async function replay(url: string): Promise<Replay> {
  const values = new Map<string, number | null>();
  let records = 0;
  let lastOffset = -1;
  for (let offset = 0, end = 1; offset < end; ) {
    const path = `/v1/topics/${TOPIC}/partitions/0/records?offset=${offset}&maxBytes=4000000&maxRecords=100000&encoding=json`;
    const answer = await getJson(url + path);
    if (offset === 0) end = answer.highWatermark;
    for (const record of answer.records) {
      if (record.offset <= lastOffset) throw new Error(`offset ${record.offset} after ${lastOffset}`);
      lastOffset = record.offset;
      values.set(record.key, record.value);
      records += 1;
    }
    if (answer.nextOffset <= offset && offset < end) throw new Error(`nothing at offset ${offset} of ${end}`);
    offset = answer.nextOffset;
  }
  return { values, records };
}

async function getJson(url: string): Promise<FetchAnswer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as FetchAnswer;
}

async function postJson(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export function describeFigures(figures: ChangelogFigures): string {
  return (
    `${figures.updates} updates in ${figures.produceSeconds.toFixed(1)} s, replayed ${figures.replays} times meanwhile; ` +
    `${figures.settleSeconds.toFixed(1)} s after the last, ${figures.records} records for ${figures.liveKeys} keys, ` +
    `${figures.deletedKeys} deleted keys gone`
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { updates: { type: "string", default: "1000000" }, keys: { type: "string", default: "10000" } },
  });
  console.log(describeFigures(await runChangelog({ updates: Number(values.updates), keys: Number(values.keys) })));
}
