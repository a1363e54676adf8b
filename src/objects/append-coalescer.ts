// Appends of many requests to one partition, carried by one call. Requests that arrive in an isolate while a call to their partition is
// under way go together in the next, so that a busy partition gets few large calls instead of many small ones: each call costs money
// and the object's time (docs/decisions/0002).
//
// A request of a Worker may not use another's I/O, but may await a promise that another resolves. So one of the waiting requests leads:
// it makes the call for all of them, then hands the lead to one that came meanwhile. Whoever waits may be the next to lead, so each is
// under waitUntil from the start: its client may go away, and the others are carried all the same. A follower whose leader never comes
// back gives up after APPEND_TIMEOUT_MS.
//
// A lane is busy once a call carried several requests. The answers of that call bring the next requests, a moment later, so a busy
// lane's leader lets them come before it calls: a commit stops everything else in plain workerd, and its cost is shared by all that go
// together. A lone append never waits.

import type { AppendRequest, AppendResult, PartitionAddress } from "../broker/ports.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { APPEND_TIMEOUT_MS } from "../common/limits/partition-log.ts";
import { MAX_RPC_BYTES } from "../common/limits/platform.ts";
import type { VerifiedRun } from "../log/append-plan.ts";
import type { OnceRun } from "../log/once.ts";

type Answer = AppendResult | Failure;

/** One call to the partition. */
export type CarryAppends = (
  address: PartitionAddress,
  runs: readonly (ArrayBuffer | VerifiedRun | OnceRun)[],
) => Promise<readonly Answer[] | Failure>;

interface Waiting {
  readonly request: AppendRequest;
  /** Of its own context: settled by the leader that carried it, or by the one before that hands it the lead. */
  readonly outcome: PromiseWithResolvers<Answer | typeof LEAD>;
  isSettled: boolean;
}

/** The outcome of a follower that is to lead now. */
const LEAD = Symbol("lead");

interface Lane {
  isLed: boolean;
  waiting: Waiting[];
  /** Requests in the call before; halves with each call that carries fewer, so that one slow request does not end a busy time. */
  carried: number;
}

/** Lanes are small, yet those of partitions that nobody writes to any more must not pile up. */
const MAX_RESTING_LANES = 1_000;

/** A busy lane's leader waits while others keep coming, so many times at most. Each is a timer, a millisecond or so. */
const MAX_GATHERINGS = 8;

/** A group of so many bytes is worth its commit: waiting for more would only cost time. */
const ENOUGH_BYTES = 64 * 1024;

/** Lanes by partition object name. Plain data and promises only: shared by all requests of the isolate. */
const lanes = new Map<string, Lane>();

/** Appends through the lane of a partition. `waitUntil` is the calling request's own. */
export function appendCoalesced(
  name: string,
  request: AppendRequest,
  carry: CarryAppends,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Answer> {
  const answer = appendInLane(name, request, carry);
  waitUntil(answer);
  return answer;
}

async function appendInLane(name: string, request: AppendRequest, carry: CarryAppends): Promise<Answer> {
  const lane = laneOf(name);
  const waiting: Waiting = { request, outcome: Promise.withResolvers(), isSettled: false };
  lane.waiting.push(waiting);
  if (lane.isLed) {
    const outcome = await followed(name, lane, waiting);
    if (outcome !== LEAD) return outcome;
  }
  lane.isLed = true;
  return lead(name, lane, carry);
}

/** What becomes of a follower, at the latest when its leader is taken for dead. */
async function followed(name: string, lane: Lane, waiting: Waiting): Promise<Answer | typeof LEAD> {
  const timer = setTimeout(() => giveUp(name, lane, waiting), APPEND_TIMEOUT_MS);
  const outcome = await waiting.outcome.promise;
  clearTimeout(timer);
  return outcome;
}

function laneOf(name: string): Lane {
  let lane = lanes.get(name);
  if (lane === undefined) {
    lane = { isLed: false, waiting: [], carried: 0 };
    lanes.set(name, lane);
  }
  return lane;
}

/** Carries the first of those that wait, the leader itself, and the others that fit. @returns the leader's own answer */
async function lead(name: string, lane: Lane, carry: CarryAppends): Promise<Answer> {
  if (lane.carried > 1) await gather(lane);
  const group = takeGroup(lane);
  lane.carried = Math.max(group.length, lane.carried >> 1);
  const answers = await carryGroup(group, carry);
  const answerOf = (index: number): Answer => (isFailure(answers) ? answers : answers[index]!);
  for (let index = 1; index < group.length; index++) settle(group[index]!, answerOf(index));
  const next = lane.waiting[0];
  if (next !== undefined) settle(next, LEAD);
  else rest(name, lane);
  return answerOf(0);
}

/** Nobody waits: a busy lane stays, to be known as busy when the next request comes. */
function rest(name: string, lane: Lane): void {
  lane.isLed = false;
  const isBusy = lane.carried > 1 && lanes.size <= MAX_RESTING_LANES;
  if (!isBusy && lanes.get(name) === lane) lanes.delete(name);
}

/** Lets requests come for as long as they do, unless those that wait have much to write already. */
async function gather(lane: Lane): Promise<void> {
  for (let count = 0, round = 0; count < lane.waiting.length && round < MAX_GATHERINGS && !hasEnough(lane); round++) {
    count = lane.waiting.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function hasEnough(lane: Lane): boolean {
  let bytes = 0;
  return lane.waiting.some(({ request }) => {
    bytes += request.batches.byteLength;
    return bytes >= ENOUGH_BYTES;
  });
}

function settle(waiting: Waiting, outcome: Answer | typeof LEAD): void {
  waiting.isSettled = true;
  waiting.outcome.resolve(outcome);
}

/** The leader is gone: its lane is left behind, and the others that wait in it lead themselves. */
function giveUp(name: string, lane: Lane, waiting: Waiting): void {
  if (waiting.isSettled) return;
  if (lanes.get(name) === lane) lanes.delete(name);
  lane.waiting = lane.waiting.filter((other) => other !== waiting);
  const detail = `no answer from the partition in ${APPEND_TIMEOUT_MS} ms: the records may or may not be written`;
  settle(waiting, failure("REQUEST_TIMED_OUT", detail));
  const next = lane.waiting[0];
  if (next !== undefined) settle(next, LEAD);
}

/** The waiting requests that fit one call, the first in any case. */
function takeGroup(lane: Lane): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { request } of lane.waiting) {
    bytes += request.batches.byteLength;
    if (count > 0 && bytes > MAX_RPC_BYTES) break;
    count++;
  }
  return lane.waiting.splice(0, count);
}

async function carryGroup(group: readonly Waiting[], carry: CarryAppends): Promise<readonly Answer[] | Failure> {
  const newest = group.reduce((a, b) => (b.request.topicVersion > a.request.topicVersion ? b : a)).request;
  const { topicId, partition, topicVersion } = newest;
  return carry(
    { topicId, partition, topicVersion },
    group.map(({ request }) => runOf(request)),
  );
}

/** Bare bytes where there is nothing to say beside them. */
function runOf({ batches, verification, hasOwnEpoch, once }: AppendRequest): ArrayBuffer | VerifiedRun | OnceRun {
  if (once !== undefined) return { bytes: batches, once };
  return verification === undefined ? batches : { bytes: batches, verification, ...(hasOwnEpoch && { hasOwnEpoch }) };
}
