// Readers of partitions that they choose themselves, over HTTP and over Kafka's protocol, in both isolation levels. Each keeps its positions,
// and now and then goes back.

import type { Isolation, Place } from "../../support/history/history.ts";
import { until } from "../../support/until.ts";
import { type Fetched, WireClient } from "./wire.ts";
import { call, PLACES, pause, splitPlace, type Work } from "./work.ts";

const SEEK_SHARE = 0.01;
const MAX_RECORDS = 50;
/** HTTP's 416: the log begins later, and says where. */
const OUT_OF_RANGE = 416;

export type Door = "http" | "kafka";

type Fetch = (place: Place, isolation: Isolation, offset: number) => Promise<Fetched | null>;

export async function runReader(work: Work, client: string, door: Door, isolation: Isolation): Promise<void> {
  const random = work.newRandom();
  const positions = new Map<Place, number>();
  const { fetch, close } = opened(work, door);
  while (!work.isOver) {
    if (random.isChance(SEEK_SHARE)) {
      work.record({ kind: "seek", client, startMs: work.now(), endMs: work.now() });
      for (const [place, position] of positions) positions.set(place, random.below(position + 1));
    }
    const place = random.of(PLACES);
    const from = positions.get(place) ?? 0;
    const to = await poll(work, client, fetch, place, isolation, from);
    if (to === null) await pause();
    else positions.set(place, to);
  }
  close();
}

/** Everything that there is, from the start to the end, by every door in every isolation, once no transaction is open any more. */
export async function readAll(work: Work): Promise<void> {
  for (const place of PLACES) {
    await until(`no transaction is open in ${place}`, async () => {
      const { lastStableOffset, highWatermark } = await offsetsOf(work, place);
      return lastStableOffset === highWatermark;
    });
  }
  for (const door of ["http", "kafka"] as const) {
    const { fetch, close } = opened(work, door);
    for (const isolation of ["read_committed", "read_uncommitted"] as const) {
      for (const place of PLACES) await readPlace(work, `last ${door} ${isolation}`, fetch, place, isolation);
    }
    close();
  }
}

async function readPlace(work: Work, client: string, fetch: Fetch, place: Place, isolation: Isolation): Promise<void> {
  const { highWatermark, logStartOffset } = await offsetsOf(work, place);
  for (let from = logStartOffset; from < highWatermark; ) {
    const to = await poll(work, client, fetch, place, isolation, from);
    if (to === null || to <= from) throw new Error(`${client} got no further than ${place}@${from} of ${highWatermark}`);
    from = to;
  }
}

interface LogOffsets {
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

async function offsetsOf(work: Work, place: Place): Promise<LogOffsets> {
  const { topic, partition } = splitPlace(place);
  const answer = await call(work, "GET", `/v1/topics/${topic}/partitions/${partition}/records?offset=0&maxRecords=1`);
  if (answer?.status !== 200 && answer?.status !== OUT_OF_RANGE)
    throw new Error(`the offsets of ${place} were answered ${JSON.stringify(answer)}`);
  return answer.body as LogOffsets;
}

/** One poll, and where the next goes on; null where there was nothing. */
async function poll(work: Work, client: string, fetch: Fetch, place: Place, isolation: Isolation, from: number): Promise<number | null> {
  const startMs = work.now();
  const fetched = await fetch(place, isolation, from);
  if (fetched === null) return null;
  const { records, nextOffset: to } = fetched;
  work.record({ kind: "poll", client, startMs, endMs: work.now(), isolation, place, from, records, to });
  return to === from ? null : to;
}

function opened(work: Work, door: Door): { fetch: Fetch; close: () => void } {
  if (door === "http") return { fetch: (place, isolation, offset) => fetchByHttp(work, place, isolation, offset), close: () => {} };
  const wire = new WireClient(work.broker.kafkaAddress);
  return { fetch: (place, isolation, offset) => wire.fetch(place, isolation, offset), close: () => wire.close() };
}

/** Null where nothing was got. */
export async function fetchByHttp(work: Work, place: Place, isolation: Isolation, offset: number): Promise<Fetched | null> {
  const { topic, partition } = splitPlace(place);
  const asked = work.fault === "uncommitted-readers" ? "read_uncommitted" : isolation;
  const path = `/v1/topics/${topic}/partitions/${partition}/records?offset=${offset}&isolation=${asked}&maxRecords=${MAX_RECORDS}`;
  const answer = await call(work, "GET", path);
  if (answer?.status !== 200) return null;
  const { records, nextOffset } = answer.body as { records: { offset: number; value: string }[]; nextOffset: number };
  return { records: records.map((record) => [record.offset, record.value]), nextOffset };
}
