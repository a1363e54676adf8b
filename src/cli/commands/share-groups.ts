// `sluice share-groups`: queues on topics, their settings, what is under way and what is left. `share-consume` works them off.

import { type Command, Option } from "commander";
import { SHARE_ORDERS, type ShareSettings } from "../../common/share-settings.ts";
import { SHARE_STARTS } from "../../common/share-start.ts";
import { ISOLATION_LEVELS } from "../../contract/fields.ts";
import type { DescribedShareGroup, ShareSettingsChange } from "../../contract/share-groups.ts";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { confirm } from "../confirm.ts";
import { describeEach } from "../describe-each.ts";
import { addExamples } from "../help.ts";
import { addResetFlags, type ResetFlags, resetOffsets } from "../reset-offsets.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable } from "../table.ts";
import { duration, integer } from "../values.ts";

interface SetFlags {
  readonly order?: ShareSettings["order"];
  readonly maxDeliveries?: number;
  readonly lease?: number;
  readonly maxInFlight?: number;
  /** false: none. */
  readonly deadLetterTopic?: string | false;
  readonly isolation?: ShareSettings["isolation"];
  readonly from?: ShareSettings["autoOffsetReset"];
}

export function addShareGroupsCommand(program: Command, cli: Cli): void {
  const groups = program.command("share-groups").description("queues: any number of workers, each record acknowledged by itself");
  const examples = [
    "sluice share-groups set workers --order key --max-deliveries 5",
    "sluice share-groups describe workers",
    "sluice share-groups reset workers --topic clicks --to earliest",
  ];
  addExamples(groups, examples);
  const list = groups.command("list").alias("ls").description("list share groups");
  list.option("--prefix <text>", "only ids that start so").option("--lag", "how many records each has left: asks every group");
  addExamples(list, ["sluice share-groups list", "sluice share-groups list --lag"]);
  list.action(withSession(cli, listGroups));
  groups
    .command("describe <group>")
    .description("settings, offsets, what is under way, what was given up, lag")
    .action(withSession(cli, describeGroup));
  addSet(groups, cli, examples[0]!);
  const reset = addResetFlags(groups.command("reset <group>").description("begin elsewhere: every lease on what is moved is void"));
  addExamples(reset, [`${examples[2]!} --dry-run`]);
  reset.action(
    withSession(cli, (session, groupId: string, flags: ResetFlags) => resetOffsets(session, session.admin.shareGroups, groupId, flags)),
  );
  const remove = groups.command("delete <groups...>").alias("rm").description("delete share groups, with all that they know");
  remove.option("--yes", "do not ask");
  addExamples(remove, ["sluice share-groups delete workers --yes"]);
  remove.action(withSession(cli, deleteGroups));
}

function addSet(groups: Command, cli: Cli, example: string): void {
  const set = groups
    .command("set <group>")
    .description("make one, or change its settings; what is left out stays")
    .addOption(new Option("--order <order>", "what waits for what").choices(SHARE_ORDERS))
    .option("--max-deliveries <count>", "deliveries of a record before it is given up", integer(1))
    .option("--lease <duration>", "how long a record is a worker's own", duration)
    .option("--max-in-flight <count>", "records of a partition that may be under way", integer(1))
    .option("--dead-letter-topic <topic>", "where records go that are given up")
    .option("--no-dead-letter-topic", "given up is gone")
    .addOption(new Option("--isolation <level>", "whether open transactions are read").choices(ISOLATION_LEVELS))
    .addOption(new Option("--from <place>", "where it begins in a partition that is new to it").choices(SHARE_STARTS));
  addExamples(set, [example]);
  set.action(withSession(cli, setGroup));
}

async function listGroups({ admin, output }: Session, flags: { readonly prefix?: string; readonly lag?: boolean }): Promise<void> {
  const listed = await collect(admin.shareGroups.list(flags));
  const groups = flags.lag ? (await describeEach(listed, (id) => admin.shareGroups.describe(id))).map(summarize) : listed;
  await output.document({ groups }, () =>
    formatTable(
      groups.map(({ groupId: group, ...rest }) => ({ group, ...rest })),
      "there are no share groups: `sluice share-consume NAME --topic TOPIC` makes one",
    ),
  );
}

/** Unknown where a partition could not be asked. */
function summarize({ groupId, settings: { order }, partitions }: DescribedShareGroup) {
  const isKnown = partitions.every(({ lag }) => lag !== null);
  const sum = (count: "acquired" | "deadLettered") => partitions.reduce((total, one) => total + one[count], 0);
  const lag = isKnown ? partitions.reduce((total, one) => total + (one.lag ?? 0), 0) : null;
  return { groupId, order, acquired: sum("acquired"), deadLettered: sum("deadLettered"), lag };
}

async function describeGroup({ admin, output }: Session, groupId: string): Promise<void> {
  const group = await admin.shareGroups.describe(groupId);
  await output.document(group, () =>
    [
      `${groupId}  lag ${summarize(group).lag ?? "unknown"}`,
      formatSettings(group.settings),
      "",
      formatTable(group.partitions.map(partitionRow), "nothing was pulled yet"),
      ...group.partitions.flatMap(({ topic, partition, deadLetterError }) =>
        deadLetterError === null ? [] : [`${topic}/${partition}: dead letters cannot be written: ${deadLetterError}`],
      ),
    ].join("\n"),
  );
}

function formatSettings({ order, maxDeliveries, leaseMs, maxInFlight, deadLetterTopic, isolation }: ShareSettings): string {
  const deadLetters = deadLetterTopic === null ? "given up is gone" : `given up goes to ${deadLetterTopic}`;
  return `order ${order}, ${maxDeliveries} deliveries, leases of ${leaseMs} ms, ${maxInFlight} in flight, ${deadLetters}, ${isolation}`;
}

function partitionRow(one: DescribedShareGroup["partitions"][number]) {
  const { topic, partition, startOffset: start, highWatermark: end, lag, acquired: leased, available: waiting, delayed } = one;
  const { acknowledged, archived, deadLettered } = one;
  return { topic, partition, start, end, lag, leased, waiting, delayed, acknowledged, "given up": archived, "dead letters": deadLettered };
}

async function setGroup({ admin, output }: Session, groupId: string, flags: SetFlags): Promise<void> {
  const { lease, from, deadLetterTopic, ...settings } = flags;
  const change: ShareSettingsChange = {
    ...settings,
    ...(lease !== undefined && { leaseMs: lease }),
    ...(from !== undefined && { autoOffsetReset: from }),
    ...(deadLetterTopic !== undefined && { deadLetterTopic: deadLetterTopic === false ? null : deadLetterTopic }),
  };
  const group = await admin.shareGroups.put(groupId, change);
  await output.document(group, () => `${groupId}: ${formatSettings(group.settings)}`);
}

async function deleteGroups(session: Session, groupIds: readonly string[], flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `delete what ${groupIds.join(", ")} ${groupIds.length === 1 ? "knows" : "know"} of records and leases`);
  for (const groupId of groupIds) await session.admin.shareGroups.delete(groupId);
  await session.output.done({ deleted: groupIds }, `deleted ${groupIds.join(", ")}`);
}
