// `sluice segments`: what a partition is made of, and the proof that it is whole.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { CliError, UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { openProgress } from "../progress.ts";
import { type Session, withSession } from "../session.ts";
import { formatBytes, formatTable, formatTime } from "../table.ts";
import { integer, integerList } from "../values.ts";

interface PartitionFlags {
  readonly partition?: readonly number[];
}

export function addSegmentsCommand(program: Command, cli: Cli): void {
  const segments = program.command("segments").description("list a topic's segments, and read them to prove them whole");
  addExamples(segments, ["sluice segments list clicks", "sluice segments verify clicks"]);
  const list = segments.command("list <topic>").alias("ls").description("segments with their sizes, places and checksums");
  list.option("-p, --partition <list>", "only these: 0,2,5-7", integerList);
  addExamples(list, ["sluice segments list clicks --partition 0"]);
  list.action(withSession(cli, listSegments));
  const verify = segments
    .command("verify <topic>")
    .description("read every byte of every copy, and check it; exit code 1 if anything is damaged");
  verify.option("-p, --partition <list>", "only these: 0,2,5-7", integerList);
  verify.option("--from <offset>", "begin with the segment that holds it", integer(0));
  addExamples(verify, ["sluice segments verify clicks", "sluice segments verify clicks --partition 0 --from 0 --json"]);
  verify.action(withSession(cli, verifySegments));
}

/** @throws UsageError for a partition that the topic has not: of none, everything would be whole */
async function partitionsOf({ admin }: Session, topic: string, { partition }: PartitionFlags) {
  const { partitions } = await admin.topics.describe(topic);
  const missing = partition?.find((one) => one >= partitions.length);
  if (missing !== undefined) throw new UsageError(`${topic} has the partitions 0 to ${partitions.length - 1}, not ${missing}`);
  return partition === undefined ? partitions : partitions.filter((one) => partition.includes(one.partition));
}

async function listSegments(session: Session, topic: string, flags: PartitionFlags): Promise<void> {
  const partitions = await partitionsOf(session, topic, flags);
  const listed = await Promise.all(
    partitions.map(async ({ partition }) => ({ partition, segments: await collect(session.admin.topics.segments(topic, partition)) })),
  );
  await session.output.document({ topic, partitions: listed }, () =>
    formatTable(
      listed.flatMap(({ partition, segments }) =>
        segments.map(({ baseOffset, endOffset, sizeBytes, maxTimestamp, place, crc32c }) => ({
          ...{ partition, base: baseOffset, end: endOffset, size: formatBytes(sizeBytes) },
          ...{ newest: formatTime(maxTimestamp), place, crc32c: crc32c ?? "-" },
        })),
      ),
      "there are no segments: nothing was written yet",
    ),
  );
}

async function verifySegments(session: Session, topic: string, flags: PartitionFlags & { readonly from?: number }): Promise<void> {
  const { admin, output, signal } = session;
  const partitions = await partitionsOf(session, topic, flags);
  const totalBytes = partitions.reduce((sum, one) => sum + ("sizeBytes" in one ? one.sizeBytes : 0), 0);
  const progress = openProgress(output, { what: "verified", unit: "bytes", total: totalBytes });
  const checked = [];
  try {
    for (const { partition } of partitions) {
      const from = flags.from === undefined ? {} : { fromOffset: flags.from };
      for await (const step of admin.topics.verify(topic, partition, from)) {
        signal.throwIfAborted();
        progress.add(step.checkedBytes);
        checked.push(...step.segments.map((segment) => ({ partition, ...segment })));
      }
    }
  } finally {
    progress.close();
  }
  const damaged = checked.filter(({ ok }) => !ok);
  await output.document({ topic, ok: damaged.length === 0, segments: checked }, () =>
    damaged.length === 0
      ? `${topic}: all ${checked.length} copies of segments are whole`
      : formatTable(
          damaged.map(({ partition, baseOffset, place, code, detail }) => ({ partition, base: baseOffset, place, code, detail })),
          "",
        ),
  );
  if (damaged.length > 0) throw new CliError(`${damaged.length} of ${checked.length} copies of segments are damaged or missing`);
}
