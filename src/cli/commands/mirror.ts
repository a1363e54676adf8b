// `sluice mirror`: copies topics between clusters, Kafka's or Sluice's, until Ctrl-C or the end (src/cli/mirror/).

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { CompressionName } from "../compression.ts";
import { CliError, deepestMessage, UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import type { Cluster } from "../mirror/cluster.ts";
import { openProgress } from "../progress.ts";
import { type Session, withSession } from "../session.ts";
import { counted, formatBytes } from "../table.ts";
import { each } from "../values.ts";
import { addCompressionOption } from "./produce.ts";

interface MirrorFlags {
  readonly source?: string;
  readonly sourceSecret?: string;
  readonly target?: string;
  readonly targetSecret?: string;
  readonly topic?: readonly string[];
  readonly pattern?: string;
  readonly group?: readonly string[];
  readonly prefix?: string;
  readonly exitAtEnd?: boolean;
  readonly compression: CompressionName;
}

export function addMirrorCommand(program: Command, cli: Cli): void {
  const mirror = program
    .command("mirror")
    .description("copy topics from any Kafka or Sluice to any other, and go on copying")
    .option("--source <address>", "http(s)://HOST or kafka(s)://[USER@]HOST:PORT[?mechanism=SCRAM-SHA-256]; else --url's broker")
    .option("--source-secret <text>", "its token or password (better in the environment: SLUICE_SOURCE_SECRET)")
    .option("--target <address>", "likewise; else --url's broker")
    .option("--target-secret <text>", "its token or password (better in the environment: SLUICE_TARGET_SECRET)")
    .option("-t, --topic <topic>", "a topic to copy; repeat it for more", each)
    .option("--pattern <regex>", "topics whose whole names match")
    .option("-g, --group <group>", "a group whose offsets are translated to the target; repeat it for more", each)
    .option("--prefix <text>", "put before the topics' names at the target")
    .option("-e, --exit-at-end", "end when everything is copied that is there now");
  addCompressionOption(mirror);
  mirror.addHelpText(
    "after",
    "\nKeys, values, headers, timestamps and partitions are kept; each record gets a header `sluice-mirror` that says where it is from. It is how\na mirror goes on where it was, and how records are not sent back where they came from.",
  );
  addExamples(mirror, [
    "sluice mirror --source http://127.0.0.1:8787 --target http://127.0.0.1:8788 --topic clicks --group readers --exit-at-end",
    "sluice mirror --source kafka://127.0.0.1:9092 --target http://127.0.0.1:8788 --pattern 'clicks|users' --prefix old.",
  ]);
  mirror.action(withSession(cli, mirrorTopics));
}

async function mirrorTopics(session: Session, flags: MirrorFlags): Promise<void> {
  const isWanted = topicFilter(flags);
  if (flags.source === undefined && flags.target === undefined)
    throw new UsageError("from where to where? Give --source or --target, or both");
  const source = await openEnd(session, "source", flags.source, flags.sourceSecret, flags.compression);
  let target: Cluster | null = null;
  try {
    target = await openEnd(session, "target", flags.target, flags.targetSecret, flags.compression);
    const topics = [...(await source.topics()).keys()].filter(isWanted);
    const missing = flags.topic?.find((topic) => !topics.includes(topic));
    if (missing !== undefined) throw new CliError(`the source has no topic ${missing}`);
    if (topics.length === 0) throw new CliError(`no topic of the source matches ${flags.pattern}`);
    await copy(session, flags, source, target, topics);
  } finally {
    await Promise.allSettled([source.close(), target?.close()]);
  }
}

/** Topics of Kafka's own (`__consumer_offsets`) are not copied unless they are named. */
function topicFilter({ topic = [], pattern }: MirrorFlags): (name: string) => boolean {
  if (topic.length === 0 && pattern === undefined) throw new UsageError("which topics? Give --topic or --pattern");
  let expression: RegExp | null = null;
  try {
    expression = pattern === undefined ? null : new RegExp(`^(?:${pattern})$`, "u");
  } catch (error) {
    throw new UsageError(`--pattern: ${(error as Error).message}`);
  }
  return (name) => topic.includes(name) || (expression !== null && !name.startsWith("__") && expression.test(name));
}

async function openEnd(
  { cli, settings, codecs }: Session,
  end: "source" | "target",
  address: string | undefined,
  secretFlag: string | undefined,
  compression: CompressionName,
): Promise<Cluster> {
  const { openCluster, parseEndpoint } = await import("../mirror/endpoint.ts");
  if (address === undefined) return openCluster({ kind: "http", url: settings.url, token: settings.token }, compression, codecs);
  const secret = secretFlag ?? (cli.environment[`SLUICE_${end.toUpperCase()}_SECRET`] || undefined);
  return openCluster(parseEndpoint(`--${end}`, address, secret), compression, codecs);
}

async function copy(
  { output, signal }: Session,
  flags: MirrorFlags,
  source: Cluster,
  target: Cluster,
  topics: readonly string[],
): Promise<void> {
  const { runMirror } = await import("../mirror/mirror.ts");
  const { prefix = "", group = [], exitAtEnd = false } = flags;
  const progress = openProgress(output, { what: "copied", unit: "records", total: null });
  if (!exitAtEnd) output.note(`copying ${topics.join(", ")}; Ctrl-C ends it`);
  try {
    const result = await runMirror({
      ...{ source, target, topics, exitAtEnd, signal, groups: group, rename: (topic) => prefix + topic },
      onProgress: ({ records }) => progress.add(records),
      onGroupFailure: (groupId, error) => output.note(`sluice: the offsets of ${groupId} were not written: ${deepestMessage(error)}`),
    });
    progress.close();
    await output.document(result, () => {
      const skipped = result.skipped === 0 ? "" : `, ${result.skipped} not sent back where they came from`;
      const groups = result.groups.map(({ groupId, offsets }) => `; ${counted(offsets, "offset")} of ${groupId} translated`).join("");
      return `${counted(result.records, "record")} (${formatBytes(result.bytes)}) of ${topics.join(", ")} copied${skipped}${groups}`;
    });
  } finally {
    progress.close();
  }
}
