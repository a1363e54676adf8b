// What a subscription tells of itself.

import type { SubscriptionStatus } from "./messages.ts";
import type { Runner, Subscription } from "./runner.ts";

const MAX_PARKED_TOLD = 100;

export function statusOf(
  { name, config, createdAtMs, pausedReason, secrets }: Subscription,
  runner: Runner,
  nowMs: number,
): SubscriptionStatus {
  const { machine } = runner;
  let heldRecords = 0;
  for (const { track } of runner.tracks) heldRecords += track.pendingRecords;
  const parked = machine.parked.slice(0, MAX_PARKED_TOLD).map(({ records, attempts, dueMs, error }) => {
    const { origin, record } = records[0]!;
    return { ...origin, offset: record.offset, count: records.length, attempts, dueMs, error };
  });
  const { previous } = secrets;
  const previousSecretUntilMs = previous !== null && nowMs < previous.validUntilMs ? previous.validUntilMs : null;
  const endpoint = machine.breakerState(nowMs);
  return { name, config, createdAtMs, pausedReason, endpoint, inFlight: machine.inFlight, heldRecords, parked, previousSecretUntilMs };
}
