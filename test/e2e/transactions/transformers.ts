// Consume, transform, produce, exactly once: for each partition of the input several processes with one transactional id, of which each that
// begins fences the others (those of kafkajs are in kafkajs-clients.ts). And clients that commit and read a group's offsets without transactions.

import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumedRange, Place } from "../../support/history/history.ts";
import { fetchByHttp } from "./readers.ts";
import type { RecordedTransactions } from "./recorded-transactions.ts";
import { openTransactions } from "./transactional-producers.ts";
import { type Fetched, WireClient } from "./wire.ts";
import { callUntilAnswered, outcomeOf, PLACES, pause, type Random, splitPlace, TOPICS, type Work } from "./work.ts";

export const TRANSFORM_GROUP = "transform";
export const PLAIN_GROUP = "plain";

/** Transactions of one life, at most, and so many are aborted. */
const MAX_TRANSACTIONS = 12;
/** Between a life and the next (ms), so that the others get somewhere. */
const MAX_REST_MS = 1_000;
const ABORT_SHARE = 0.15;
const MAX_INPUT = 10;

/** Where transformers write. */
export const OUTPUTS = PLACES.filter((place) => !place.startsWith(`${TOPICS.input}/`));

/** Lives one after the other, each of which ends without a word. */
export async function runTransformer(work: Work, client: string, input: Place): Promise<void> {
  const random = work.newRandom();
  const wire = new WireClient(work.broker.kafkaAddress);
  while (!work.isOver) {
    const transactions = await openTransactions(work, client, transformerId(input), random);
    if (transactions === null) break;
    for (let left = random.below(MAX_TRANSACTIONS); left >= 0 && transactions.isUsable && !work.isOver; left--) {
      await transformOnce(work, wire, transactions, input, random);
    }
    transactions.close();
    await sleep(random.below(MAX_REST_MS));
  }
  wire.close();
}

/** One for all that transform the partition: each that begins fences the others. */
export function transformerId(input: Place): string {
  return `transform ${input.replace("/", "-")}`;
}

async function transformOnce(
  work: Work,
  wire: WireClient,
  transactions: RecordedTransactions,
  input: Place,
  random: Random,
): Promise<void> {
  const found = await takeInput(work, wire, transactions.client, input, (from) => fetchByHttp(work, input, "read_committed", from));
  if (found === null) return;
  await transactions.send(random.of(OUTPUTS), work.newValues(found.reads.length));
  await transactions.consume(found.range, found.reads);
  await transactions.end(transactions.isUsable && !random.isChance(ABORT_SHARE));
}

export interface TakenInput {
  readonly range: ConsumedRange;
  readonly reads: readonly string[];
}

/** The next input from the group's committed offset on; null, after a while, where there is none. */
export async function takeInput(
  work: Work,
  wire: WireClient,
  client: string,
  input: Place,
  fetch: (from: number) => Promise<Fetched | null>,
): Promise<TakenInput | null> {
  const committed = await readOffset(work, wire, client, TRANSFORM_GROUP, input);
  const from = committed ?? 0;
  const startMs = work.now();
  const fetched = committed === undefined ? null : await fetch(from);
  if (fetched === null || fetched.records.length === 0) {
    await pause();
    return null;
  }
  const records = fetched.records.slice(0, MAX_INPUT);
  const to = records.length < fetched.records.length ? records.at(-1)![0] + 1 : fetched.nextOffset;
  work.record({ kind: "seek", client, startMs, endMs: startMs });
  work.record({ kind: "poll", client, startMs, endMs: work.now(), isolation: "read_committed", place: input, from, records, to });
  return { range: { group: TRANSFORM_GROUP, place: input, from, to }, reads: records.map(([, value]) => value) };
}

/** What a group has committed; undefined where that is not known. */
export async function readOffset(work: Work, wire: WireClient, client: string, group: string, place: Place) {
  const startMs = work.now();
  const offset = await wire.committedOffset(group, place);
  if (offset !== undefined) work.record({ kind: "committed", client, startMs, endMs: work.now(), group, place, offset });
  return offset;
}

/** Commits numbers that nobody else commits, and reads what is there. */
export async function runCommitter(work: Work, client: string, firstOffset: number): Promise<void> {
  const random = work.newRandom();
  const wire = new WireClient(work.broker.kafkaAddress);
  for (let offset = firstOffset; !work.isOver; offset++) {
    const place = random.of(PLACES);
    const startMs = work.now();
    const offsets = [{ ...splitPlace(place), offset }];
    const repeated = await callUntilAnswered(work, "POST", `/v1/groups/${PLAIN_GROUP}/commit`, { offsets });
    // A commit that was repeated may have been done twice, and have come back over another: when it was done last is not known.
    const outcome = repeated.isRepeated ? "unknown" : outcomeOf(repeated);
    work.record({ kind: "commit", client, startMs, endMs: work.now(), outcome, group: PLAIN_GROUP, place, offset });
    await readOffset(work, wire, client, PLAIN_GROUP, random.of(PLACES));
    await pause();
  }
  wire.close();
}

/** What all groups have in the end. */
export async function readAllOffsets(work: Work): Promise<void> {
  const wire = new WireClient(work.broker.kafkaAddress);
  for (const group of [PLAIN_GROUP, TRANSFORM_GROUP]) {
    for (const place of PLACES) await readOffset(work, wire, "last", group, place);
  }
  wire.close();
}
