// A worker of a share group until its end: Ctrl-C, so many records, or that nothing is left. Every record gets a verdict; ended by Ctrl-C or
// by a failure, what was not handled goes back.

import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_PULL_RECORDS } from "../../common/limits/share-groups.ts";
import type { ShareOrder } from "../../common/share-settings.ts";
import { SluiceError } from "../../sdk/errors.ts";
import { type LeasedRecord, ShareConsumer } from "../../sdk/share/share-consumer.ts";
import { describeFailure } from "../failure.ts";
import type { Session } from "../session.ts";

/** What is to become of a record. */
export type Verdict = "acknowledged" | "released" | "rejected";

export interface WorkOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly concurrency: number;
  readonly order?: ShareOrder;
  readonly leaseMs?: number;
  /** End after so many. */
  readonly count?: number;
  /** End when every record of the topics is decided. */
  readonly exitAtEnd: boolean;
  /** How long what is released waits for its next delivery (ms). */
  readonly retryDelayMs: number;
}

/** Of a pull: Ctrl-C waits for the last one. */
const PULL_WAIT_MS = 1_000;

/** How often it is looked whether anything is left. */
const LOOK_MS = 250;

/** @returns how many records got which verdict. @throws what `handle` threw, or why there are no records to be had */
export async function work(
  session: Session,
  options: WorkOptions,
  handle: (record: LeasedRecord) => Promise<Verdict>,
): Promise<Readonly<Record<Verdict, number>>> {
  const { groupId, topics, concurrency, order, leaseMs, count = Number.POSITIVE_INFINITY, retryDelayMs } = options;
  const consumer = new ShareConsumer(session.client, {
    ...{ groupId, topics, onError: (error, record) => note(session, error, record) },
    ...(order !== undefined && { order }),
    ...(leaseMs !== undefined && { leaseMs }),
    maxWaitMs: PULL_WAIT_MS,
    ...(Number.isFinite(count) && { maxRecords: Math.min(count, DEFAULT_PULL_RECORDS) }),
  });
  const verdicts = { acknowledged: 0, released: 0, rejected: 0 };
  const over = new AbortController();
  const closing = closeWhenOver(session, consumer, options, AbortSignal.any([session.signal, over.signal]));
  let begun = 0;
  const failures: unknown[] = [];
  const handleOne = async (record: LeasedRecord): Promise<void> => {
    if (++begun > count) return void record.release(); // taken in one turn with the last
    if (begun === count) void consumer.close();
    try {
      const verdict = await handle(record);
      verdicts[verdict]++;
      if (verdict === "released") void record.release({ delayMs: retryDelayMs });
      else if (verdict === "rejected") void record.reject();
    } catch (error) {
      failures.push(error);
      void record.release();
      over.abort();
    }
  };
  try {
    await consumer.run(handleOne, { concurrency });
  } finally {
    over.abort();
    await closing;
  }
  if (failures.length > 0) throw failures[0];
  return verdicts;
}

async function closeWhenOver(session: Session, consumer: ShareConsumer, options: WorkOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(options.exitAtEnd && (await isNothingLeft(session, options)))) {
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop sees it
  }
  await consumer.close();
}

/** Also of what others have leased, and of what waits for its next delivery. Before the first pull nobody knows. */
async function isNothingLeft({ admin }: Session, { groupId, topics }: WorkOptions): Promise<boolean> {
  try {
    const { partitions } = await admin.shareGroups.describe(groupId);
    const own = partitions.filter(({ topic }) => topics.includes(topic));
    return topics.every((name) => own.some(({ topic }) => topic === name)) && own.every(({ lag }) => lag === 0);
  } catch (error) {
    if (error instanceof SluiceError) return false; // the pulls find it too, and say it
    throw error;
  }
}

function note({ output }: Session, error: unknown, record: LeasedRecord | null): void {
  const what = record === null ? "a pull failed and is made again" : `${record.topic}/${record.partition}, offset ${record.offset}`;
  output.note(`sluice: ${what}: ${describeFailure(error)?.message ?? String(error)}`);
}
