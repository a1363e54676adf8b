// Moving a group's offsets, as `groups reset`, `share-groups reset` and `subscriptions replay` have it: to a place, or by a distance.

import type { Command } from "commander";
import type { ResetAnswer, ResetRequest } from "../contract/groups.ts";
import { CliError, UsageError } from "./failure.ts";
import type { Session } from "./session.ts";
import { formatTable } from "./table.ts";
import { integer, type Position, position } from "./values.ts";

/** Where offsets are moved to: one of them. */
export interface ResetTarget {
  readonly to?: Position;
  readonly shiftBy?: number;
}

export interface ResetFlags extends ResetTarget {
  readonly topic: string;
  readonly partition?: number;
  readonly dryRun?: boolean;
}

export function addTargetFlags(command: Command): Command {
  return command
    .option("--to <position>", "earliest, latest, an offset, a time (2026-01-31T12:00:00Z, @MS) or 15m (ago)", position)
    .option("--shift-by <count>", "so many records on, or back where negative", integer(-Number.MAX_SAFE_INTEGER));
}

export function addResetFlags(command: Command): Command {
  command.requiredOption("-t, --topic <topic>", "whose offsets").option("-p, --partition <number>", "only this partition", integer(0));
  return addTargetFlags(command).option("--dry-run", "say what would change, change nothing");
}

/** @throws UsageError */
export function resetTarget({ to, shiftBy }: ResetTarget) {
  if ((to === undefined) === (shiftBy === undefined)) throw new UsageError("where to? Give --to or --shift-by, one of them");
  if (to === undefined) return { shiftBy: shiftBy! };
  if (to.kind === "offset") return { offset: to.offset };
  if (to.kind === "time") return { timestamp: to.timestamp };
  if (to.kind === "last") throw new UsageError("--to takes no count of records: --shift-by moves by one");
  return to.kind;
}

/** @throws CliError where partitions were refused, once all are told */
export async function resetOffsets(
  { output }: Session,
  groups: { reset(groupId: string, request: ResetRequest): Promise<ResetAnswer> },
  groupId: string,
  flags: ResetFlags,
): Promise<void> {
  const { topic, partition, dryRun = false } = flags;
  const request = { topic, to: resetTarget(flags), dryRun, ...(partition === undefined ? {} : { partition }) };
  const { offsets } = await groups.reset(groupId, request);
  await output.document({ groupId, dryRun, offsets }, () =>
    formatTable(
      offsets.map((one) => ({ topic: one.topic, partition: one.partition, from: one.from, to: one.to, refused: one.code ?? "-" })),
      "nothing to move",
    ),
  );
  const refused = offsets.filter(({ code }) => code !== undefined);
  if (refused.length > 0)
    throw new CliError(`${refused.length} of ${offsets.length} partitions were refused: ${refused[0]!.detail ?? refused[0]!.code}`);
}
