// `sluice topics`: make, list, describe, change, delete, and cut off the oldest records of.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import type { Session } from "../session.ts";
import { withSession } from "../session.ts";
import { counted, formatBytes, formatTable, formatTime } from "../table.ts";
import { each, integer, pair } from "../values.ts";

type Pairs = readonly (readonly [string, string])[];

interface CreateFlags {
  readonly partitions?: number;
  readonly setting?: Pairs;
  readonly ifNotExists?: boolean;
  readonly dryRun?: boolean;
}

interface AlterFlags {
  readonly partitions?: number;
  readonly set?: Pairs;
  readonly unset?: readonly string[];
  readonly dryRun?: boolean;
}

export function addTopicsCommand(program: Command, cli: Cli): void {
  const topics = program.command("topics").description("make, list, describe, change and delete topics");
  addExamples(topics, [
    "sluice topics create clicks --partitions 3 --setting retention.ms=86400000",
    "sluice topics list",
    "sluice topics describe clicks",
    "sluice topics delete clicks --yes",
  ]);
  addCreate(topics, cli);
  const list = topics.command("list").alias("ls").description("list topics").option("--prefix <text>", "only names that start so");
  addExamples(list, ["sluice topics list", "sluice topics list --prefix click --json"]);
  list.action(withSession(cli, listTopics));
  const describe = topics.command("describe <topic>").description("partitions with offsets and sizes, and the configs that were set");
  describe.option("--all-configs", "configs that have their default too");
  addExamples(describe, ["sluice topics describe clicks", "sluice topics describe clicks --all-configs"]);
  describe.action(withSession(cli, describeTopic));
  addAlter(topics, cli);
  const remove = topics.command("delete <topics...>").alias("rm").description("delete topics and their records");
  remove.option("--if-exists", "one that is not there is no failure").option("--yes", "do not ask");
  addExamples(remove, ["sluice topics delete clicks --yes", "sluice topics delete clicks --if-exists --yes"]);
  remove.action(withSession(cli, deleteTopics));
  const truncate = topics.command("truncate <topic> <partition>").description("delete a partition's records before an offset");
  truncate
    .requiredOption("--before <offset>", "the first offset that is kept; `end` keeps none", beforeOffset)
    .option("--yes", "do not ask");
  addExamples(truncate, ["sluice topics truncate clicks 1 --before 1 --yes"]);
  truncate.action(withSession(cli, truncatePartition));
}

function addCreate(topics: Command, cli: Cli): void {
  const create = topics
    .command("create <topic>")
    .description("make a topic")
    .option("-p, --partitions <count>", "how many partitions (1)", integer(1))
    .option("-c, --setting <key=value>", "one of Kafka's topic configs; repeat it for more", pair)
    .option("--if-not-exists", "one that is there already is no failure")
    .option("--dry-run", "check everything, make nothing");
  addExamples(create, [
    "sluice topics create clicks --partitions 3",
    "sluice topics create users --setting cleanup.policy=compact --if-not-exists",
  ]);
  create.action(withSession(cli, createTopic));
}

function addAlter(topics: Command, cli: Cli): void {
  const alter = topics
    .command("alter <topic>")
    .description("more partitions, other configs")
    .option("-p, --partitions <count>", "how many there shall be: more than now", integer(1))
    .option("-s, --set <key=value>", "a config; repeat it for more", pair)
    .option("-u, --unset <key>", "a config to have its default again; repeat it for more", each)
    .option("--dry-run", "check everything, change nothing");
  addExamples(alter, [
    "sluice topics alter clicks --partitions 4",
    "sluice topics alter clicks --set retention.ms=3600000 --unset segment.ms",
  ]);
  alter.action(withSession(cli, alterTopic));
}

async function createTopic({ admin, output }: Session, name: string, flags: CreateFlags): Promise<void> {
  const { partitions, setting = [], ifNotExists = false, dryRun = false } = flags;
  const request = { name, configs: Object.fromEntries(setting), ...(partitions === undefined ? {} : { partitions }) };
  try {
    const topic = await admin.topics.create(request, { validateOnly: dryRun });
    const verb = dryRun ? "could be made" : "made";
    await output.done(topic, `${name}: ${verb}, ${counted(topic.partitions, "partition")}`);
  } catch (error) {
    if (!ifNotExists || (error as { code?: string }).code !== "TOPIC_ALREADY_EXISTS") throw error;
    const { partitions: there, topicId } = await admin.topics.describe(name);
    await output.done({ name, topicId, partitions: there.length }, `${name}: is there already, ${counted(there.length, "partition")}`);
  }
}

async function listTopics({ admin, output }: Session, { prefix }: { readonly prefix?: string }): Promise<void> {
  const topics = await collect(admin.topics.list(prefix === undefined ? {} : { prefix }));
  await output.document({ topics }, () =>
    formatTable(
      topics.map(({ name, partitions, topicId }) => ({ topic: name, partitions, id: topicId })),
      prefix === undefined ? "there are no topics: `sluice topics create NAME` makes one" : `no topic's name starts with "${prefix}"`,
    ),
  );
}

async function describeTopic({ admin, output }: Session, name: string, flags: { readonly allConfigs?: boolean }): Promise<void> {
  const topic = await admin.topics.describe(name);
  await output.document(topic, () => {
    const configs = topic.configs.filter(({ source }) => flags.allConfigs || source === "topic");
    const partitions = topic.partitions.map((one) =>
      "code" in one && one.code !== undefined
        ? { partition: one.partition, start: one.code, end: null, records: null, size: null, epoch: null }
        : describePartition(one as never),
    );
    return [
      `${topic.name}  ${topic.topicId}  made ${formatTime(topic.createdAt)}`,
      "",
      formatTable(partitions, "no partitions"),
      "",
      formatTable(
        configs.map(({ name: config, value, source, honoured }) => ({ config, value, source, ...(flags.allConfigs ? { honoured } : {}) })),
        "every config has its default (--all-configs shows them)",
      ),
    ].join("\n");
  });
}

interface PartitionRow {
  readonly partition: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  readonly leaderEpoch: number;
  readonly sizeBytes: number;
}

function describePartition({ partition, logStartOffset, highWatermark, leaderEpoch, sizeBytes }: PartitionRow) {
  const records = highWatermark - logStartOffset;
  return { partition, start: logStartOffset, end: highWatermark, records, size: formatBytes(sizeBytes), epoch: leaderEpoch };
}

async function alterTopic({ admin, output }: Session, name: string, flags: AlterFlags): Promise<void> {
  const { partitions, set = [], unset = [], dryRun = false } = flags;
  if (partitions === undefined && set.length === 0 && unset.length === 0) {
    throw new UsageError("nothing to change: give --partitions, --set or --unset");
  }
  const configs = { ...Object.fromEntries(set), ...Object.fromEntries(unset.map((key) => [key, null])) };
  const topic = await admin.topics.alter(name, { configs, ...(partitions === undefined ? {} : { partitions }) }, { validateOnly: dryRun });
  const settings = Object.entries(topic.configs).map(([key, value]) => `${key}=${value}`);
  const now = [counted(topic.partitions, "partition"), ...settings].join(", ");
  await output.done(topic, `${name}: ${dryRun ? "would be" : "is now"} ${now}`);
}

async function deleteTopics(
  session: Session,
  names: readonly string[],
  flags: { readonly ifExists?: boolean; readonly yes?: boolean },
): Promise<void> {
  await confirm(session, flags, `delete ${names.join(", ")} and all their records`);
  const deleted: string[] = [];
  for (const name of names) {
    try {
      await session.admin.topics.delete(name);
      deleted.push(name);
    } catch (error) {
      if (!flags.ifExists || (error as { code?: string }).code !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    }
  }
  await session.output.done({ deleted }, deleted.length === 0 ? "nothing to delete" : `deleted ${deleted.join(", ")}`);
}

/** `end` is the API's -1: the high watermark. */
function beforeOffset(text: string): number {
  return text === "end" ? -1 : integer(0)(text);
}

async function truncatePartition(
  session: Session,
  topic: string,
  partitionText: string,
  flags: { readonly before: number; readonly yes?: boolean },
): Promise<void> {
  const partition = partitionArgument(partitionText);
  await confirm(session, flags, `delete the records of ${topic}/${partition} before ${flags.before === -1 ? "its end" : flags.before}`);
  const offsets = await session.admin.topics.truncate(topic, partition, flags.before);
  await session.output.done({ topic, partition, ...offsets }, `${topic}/${partition} starts at ${offsets.logStartOffset} now`);
}

/** A partition that is an argument and not a flag's value. */
export function partitionArgument(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`a partition is a number, not "${text}"`);
}
