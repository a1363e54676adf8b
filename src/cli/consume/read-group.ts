// Reads as a member of a group. A record counts as processed, and is committed, once it was handed on and the hand came back: what was cut
// off by Ctrl-C comes again. Leaving commits, and gives the partitions to the others at once.

import { setTimeout as sleep } from "node:timers/promises";
import type { Isolation } from "../../sdk/admin/topic-admin.ts";
import { GroupConsumer } from "../../sdk/consumer/group-consumer.ts";
import type { StoredRecord } from "../records/record.ts";
import type { Session } from "../session.ts";

export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly autoOffsetReset: "earliest" | "latest";
  readonly isolation: Isolation;
  readonly instanceId?: string;
  /** End when the group has read what was there at the start, in the partitions that are this member's. */
  readonly exitAtEnd: boolean;
}

/** What `handler` says to a record: go on, or that it was the last. */
export type Verdict = "more" | "last";

/** How often it is looked whether the end is reached; also the longest wait of a fetch then, behind which a commit would stand. */
const LOOK_MS = 250;

/** What ends the consumer's run from within: never seen by anybody. */
const LAST_WAS_HANDLED = Symbol("the last record was handled");

/** Resolves when the handler has had its last record, the end is reached, or the signal is aborted. */
export async function readGroup(
  session: Session,
  options: GroupOptions,
  handler: (record: StoredRecord) => Promise<Verdict>,
): Promise<void> {
  const { exitAtEnd, ...member } = options;
  const consumer = new GroupConsumer(session.client, { ...member, ...(exitAtEnd && { maxWaitMs: LOOK_MS }) });
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  let isLast = false;
  const closing = closeWhenDone(session, consumer, options, signal);
  try {
    await consumer.run(async (record) => {
      if (isLast || signal.aborted) throw LAST_WAS_HANDLED;
      isLast = (await handler(record)) === "last";
      if (isLast) stop.abort();
    });
  } catch (error) {
    if (error !== LAST_WAS_HANDLED) throw error;
  } finally {
    stop.abort();
    await closing;
  }
}

/** Closes the consumer, which ends its run, once the signal is aborted or the end is reached. */
async function closeWhenDone(session: Session, consumer: GroupConsumer, options: GroupOptions, signal: AbortSignal): Promise<void> {
  const ends = options.exitAtEnd ? await endsOf(session, options.topics) : null;
  while (!signal.aborted && (ends === null || !(await isAtEnd(session, consumer, options.groupId, ends)))) {
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop sees it
  }
  await consumer.close();
}

interface End {
  readonly start: number;
  readonly end: number;
}

async function endsOf({ admin }: Session, topics: readonly string[]): Promise<ReadonlyMap<string, End>> {
  const described = await Promise.all(topics.map((topic) => admin.topics.describe(topic)));
  return new Map(
    described.flatMap(({ name, partitions }) =>
      partitions.flatMap((one) =>
        "lastStableOffset" in one ? [[`${name}/${one.partition}`, { start: one.logStartOffset, end: one.lastStableOffset }] as const] : [],
      ),
    ),
  );
}

/**
 * Nothing is committed of a partition in which there is nothing. A member that has no partitions, maybe because it has none yet, is at the
 * end when all of them are.
 */
async function isAtEnd({ admin }: Session, consumer: GroupConsumer, groupId: string, ends: ReadonlyMap<string, End>): Promise<boolean> {
  if (consumer.memberId === null) return false;
  await consumer.commit();
  const { offsets } = await admin.groups.offsets(groupId);
  const committed = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const own = consumer.assignment.map(({ topic, partition }) => `${topic}/${partition}`);
  return (own.length > 0 ? own : [...ends.keys()]).every((key) => {
    const place = ends.get(key);
    return place === undefined || place.start === place.end || (committed.get(key) ?? 0) >= place.end;
  });
}
