// Appends of many requests to one partition, carried by one call. Requests that arrive in an isolate while a call to their partition is
// under way go together in the next, so that a busy partition gets few large calls instead of many small ones: each call costs money
// and the object's time (docs/decisions/0002).
//
// A request of a Worker may not use another's I/O, but may await a promise that another resolves. So one of the waiting requests leads:
// it makes the call for all of them, under waitUntil so that its client may go away, then hands the lead to one that came meanwhile.
// A follower whose leader never comes back gives up after APPEND_TIMEOUT_MS.

import type { AppendRequest, AppendResult, PartitionAddress } from "../broker/ports.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { APPEND_TIMEOUT_MS, MAX_RPC_BYTES } from "../common/limits.ts";

type Answer = AppendResult | Failure;

/** One call to the partition. */
export type CarryAppends = (address: PartitionAddress, runs: readonly ArrayBuffer[]) => Promise<readonly Answer[] | Failure>;

interface Waiting {
  readonly request: AppendRequest;
  readonly answer: PromiseWithResolvers<Answer>;
  /** Resolves when this request is to lead. */
  readonly turn: PromiseWithResolvers<void>;
}

interface Lane {
  isLed: boolean;
  waiting: Waiting[];
}

/** Lanes by partition object name. Plain data and promises only: shared by all requests of the isolate. */
const lanes = new Map<string, Lane>();

/** Appends through the lane of a partition. `waitUntil` is the calling request's own. */
export async function appendCoalesced(
  name: string,
  request: AppendRequest,
  carry: CarryAppends,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Answer> {
  const lane = laneOf(name);
  const waiting: Waiting = { request, answer: Promise.withResolvers(), turn: Promise.withResolvers() };
  lane.waiting.push(waiting);
  if (lane.isLed) {
    const timer = setTimeout(() => giveUp(name, lane, waiting), APPEND_TIMEOUT_MS);
    const answer = await Promise.race([waiting.turn.promise, waiting.answer.promise]).finally(() => clearTimeout(timer));
    if (answer !== undefined) return answer;
  }
  lane.isLed = true;
  waitUntil(lead(name, lane, carry));
  return waiting.answer.promise;
}

function laneOf(name: string): Lane {
  let lane = lanes.get(name);
  if (lane === undefined) {
    lane = { isLed: false, waiting: [] };
    lanes.set(name, lane);
  }
  return lane;
}

async function lead(name: string, lane: Lane, carry: CarryAppends): Promise<void> {
  const group = takeGroup(lane);
  if (group.length > 0) {
    const answers = await carryGroup(group, carry);
    for (const [index, waiting] of group.entries()) waiting.answer.resolve(isFailure(answers) ? answers : answers[index]!);
  }
  const next = lane.waiting[0];
  if (next !== undefined) next.turn.resolve();
  else if (lanes.get(name) === lane) lanes.delete(name);
}

/** The leader is gone: its lane is left behind, and the others that wait in it lead themselves. */
function giveUp(name: string, lane: Lane, waiting: Waiting): void {
  if (lanes.get(name) === lane) lanes.delete(name);
  lane.waiting = lane.waiting.filter((other) => other !== waiting);
  waiting.answer.resolve(
    failure("REQUEST_TIMED_OUT", `no answer from the partition in ${APPEND_TIMEOUT_MS} ms: the records may or may not be written`),
  );
  lane.waiting[0]?.turn.resolve();
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
    group.map((waiting) => waiting.request.batches),
  );
}
