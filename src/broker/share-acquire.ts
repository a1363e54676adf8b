// A pull from one share partition: records are acquired, with a look at the log where the share partition asks for one, and then read, in the
// form that the caller's door has for them. What was acquired and cannot be read, or not now, goes back as though it had not been
// delivered; what the log does not have any more is archived.

import { type Failure, isFailure } from "../common/errors.ts";
import { MAX_EMPTY_SHARE_LOADS } from "../common/limits/share-groups.ts";
import type { AcquiredRecords, LoadedRecords, SettlementAction, SharePartitionAddress } from "./ports.ts";
import type { ShareContext } from "./share-context.ts";
import { loadRecords } from "./share-read.ts";
import type { WaitedFor } from "./share-wait.ts";

export interface AcquireLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly leaseMs?: number;
  /** Under which the records are held; each acquisition has one of its own where absent. */
  readonly token?: number;
}

export interface Acquired {
  readonly offset: number;
  readonly token: number;
  readonly deliveryCount: number;
}

/** What was read of what was acquired. */
export interface ReadAcquired<Body> {
  readonly body: Body;
  readonly served: readonly Acquired[];
  /** The log does not have them any more. */
  readonly gone: readonly Acquired[];
  /** There was no room for them. */
  readonly left: readonly Acquired[];
}

/** @param acquired by offset, one at least */
export type ReadRecords<Body> = (
  address: SharePartitionAddress,
  acquired: readonly Acquired[],
  limits: AcquireLimits,
) => Promise<ReadAcquired<Body> | Failure>;

/** What came of it, and what to wait for where nothing did. */
export interface PartitionPull<Body> extends WaitedFor {
  /** null without records. */
  readonly body: Body | null;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** Of the first lease to end (ms since the epoch). */
  readonly deadlineMs: number;
  readonly failure?: Failure;
}

/** There are records, or something is wrong. */
export function isOver(pulls: readonly PartitionPull<unknown>[]): boolean {
  return pulls.some(({ recordCount, failure: failed }) => recordCount > 0 || failed !== undefined);
}

export async function acquireFrom<Body>(
  context: ShareContext,
  address: SharePartitionAddress,
  limits: AcquireLimits,
  read: ReadRecords<Body>,
): Promise<PartitionPull<Body>> {
  const { answers, failure } = await acquire(context, address, limits);
  const acquired = answers.flatMap(acquisitionsOf).sort((one, other) => one.offset - other.offset);
  const last = answers.at(-1);
  const waits = { endOffset: last?.endOffset ?? 0, isFull: last?.isFull ?? false, nextAtMs: last?.nextAtMs ?? null };
  const nothing = { address, body: null, recordCount: 0, sizeBytes: 0, deadlineMs: 0, ...waits };
  if (acquired.length === 0) return failure === undefined ? nothing : { ...nothing, failure };
  const result = await read(address, acquired, limits);
  if (isFailure(result)) {
    await settleAll(context, address, acquired, { action: "giveBack" });
    return { ...nothing, failure: result };
  }
  const { body, served, gone, left } = result;
  if (gone.length > 0) await settleAll(context, address, gone, { action: "archive" });
  if (left.length > 0) await settleAll(context, address, left, { action: "giveBack" });
  const ofAnswers = answers.filter(({ offsets }) => offsets.length > 0);
  const sizeBytes = ofAnswers.reduce((sum, answer) => sum + answer.sizeBytes, 0);
  const deadlineMs = Math.min(...ofAnswers.map((answer) => answer.deadlineMs));
  return { address, body, recordCount: served.length, sizeBytes, deadlineMs, ...waits, ...(failure && { failure }) };
}

/** Acquires until there is enough, or nothing more to be had. Whoever is asked to look at the log answers for it, whatever came of it. */
async function acquire(
  context: ShareContext,
  address: SharePartitionAddress,
  { maxRecords, maxBytes, leaseMs, token }: AcquireLimits,
): Promise<{ readonly answers: readonly AcquiredRecords[]; readonly failure?: Failure }> {
  const { groupUuid, topicId, partition } = address;
  const port = context.ports.sharePartition(groupUuid, topicId, partition);
  const answers: AcquiredRecords[] = [];
  let [recordsLeft, bytesLeft] = [maxRecords, maxBytes];
  let loaded: LoadedRecords | Failure | undefined;
  for (let emptyLoads = 0; ; ) {
    if (loaded !== undefined && !isFailure(loaded) && loaded.offsets.length === 0) emptyLoads += 1;
    const isOver = (loaded !== undefined && isFailure(loaded)) || emptyLoads > MAX_EMPTY_SHARE_LOADS;
    const wanted = isOver || bytesLeft <= 0 ? 0 : recordsLeft;
    const answer = await port.acquire({
      address,
      maxRecords: wanted,
      maxBytes: Math.max(1, bytesLeft),
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(token === undefined ? {} : { token }),
      ...(loaded === undefined ? {} : { loaded: isFailure(loaded) ? null : loaded }),
    });
    if (isFailure(answer)) return { answers, failure: answer };
    answers.push(answer);
    if (loaded !== undefined && isFailure(loaded)) return { answers, failure: loaded };
    recordsLeft -= answer.offsets.length;
    bytesLeft -= answer.sizeBytes;
    if (answer.load === null) return { answers };
    loaded = await loadRecords(context, address, answer.load);
  }
}

function acquisitionsOf({ token, offsets, deliveryCounts }: AcquiredRecords): Acquired[] {
  return offsets.map((offset, index) => ({ offset, token, deliveryCount: deliveryCounts[index]! }));
}

/** As well as can be: what is not settled ends with its lease. */
async function settleAll(
  { ports }: ShareContext,
  address: SharePartitionAddress,
  acquired: readonly Acquired[],
  action: SettlementAction,
): Promise<void> {
  const settlements = acquired.map(({ offset, token }) => ({ ...action, offset, token }));
  await ports.sharePartition(address.groupUuid, address.topicId, address.partition).settle({ address, settlements });
}
