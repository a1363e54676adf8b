// `sluice offsets`: what Kafka's ListOffsets answers, for each partition of a topic.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable, formatTime } from "../table.ts";
import { integerList, type Position, position } from "../values.ts";

interface OffsetsFlags {
  readonly at?: Position;
  readonly partition?: readonly number[];
}

export function addOffsetsCommand(program: Command, cli: Cli): void {
  const offsets = program
    .command("offsets <topic>")
    .description("first and next offset of each partition, or the offset at a time")
    .option("--at <time>", "the first record at or after a time (2026-01-31T12:00:00Z, @MS) or 15m (ago)", position)
    .option("-p, --partition <list>", "only these: 0,2,5-7", integerList);
  addExamples(offsets, [
    "sluice offsets clicks",
    "sluice offsets clicks --at 1h",
    "sluice offsets clicks --at 2026-01-31T12:00:00Z --partition 0,1",
  ]);
  offsets.action(withSession(cli, showOffsets));
}

async function showOffsets(session: Session, topic: string, { at, partition: only }: OffsetsFlags): Promise<void> {
  if (at !== undefined && at.kind !== "time" && at.kind !== "earliest" && at.kind !== "latest") {
    throw new UsageError("--at takes a time, earliest or latest");
  }
  const { partitions } = await session.admin.topics.describe(topic);
  const missing = only?.find((partition) => partition >= partitions.length);
  if (missing !== undefined) throw new UsageError(`${topic} has the partitions 0 to ${partitions.length - 1}, not ${missing}`);
  const chosen = only ?? partitions.map(({ partition }) => partition);
  const timestamp = at === undefined ? "latest" : at.kind === "time" ? at.timestamp : at.kind;
  const found = await Promise.all(
    chosen.map(async (partition) => ({ topic, partition, ...(await session.admin.topics.offset(topic, partition, timestamp)) })),
  );
  await session.output.document({ offsets: found }, () =>
    formatTable(
      found.map(({ partition, offset, timestamp: recordTime, logStartOffset, highWatermark }) => ({
        partition,
        earliest: logStartOffset,
        latest: highWatermark,
        ...(at === undefined ? {} : { offset: offset === -1 ? null : offset, timestamp: formatTime(recordTime) }),
      })),
      "no partitions",
    ),
  );
}
