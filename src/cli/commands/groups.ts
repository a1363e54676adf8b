// `sluice groups`: who reads, how far they are, how much is left for them, and moving them.

import type { Command } from "commander";
import type { DescribedGroup } from "../../contract/groups.ts";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { confirm } from "../confirm.ts";
import { describeEach } from "../describe-each.ts";
import { addExamples } from "../help.ts";
import { addResetFlags, type ResetFlags, resetOffsets } from "../reset-offsets.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable, formatTime } from "../table.ts";

export function addGroupsCommand(program: Command, cli: Cli): void {
  const groups = program.command("groups").description("consumer groups: members, offsets, lag, rewinding");
  addExamples(groups, ["sluice groups list", "sluice groups describe readers", "sluice groups reset readers --topic clicks --to earliest"]);
  const list = groups.command("list").alias("ls").description("list groups");
  list.option("--prefix <text>", "only ids that start so").option("--lag", "how many records each has left: asks every group");
  addExamples(list, ["sluice groups list", "sluice groups list --lag"]);
  list.action(withSession(cli, listGroups));
  const describe = groups.command("describe <group>").description("state, members, committed offsets and lag");
  addExamples(describe, ["sluice groups describe readers", "sluice groups describe readers --json"]);
  describe.action(withSession(cli, describeGroup));
  addReset(groups, cli);
  const remove = groups.command("delete <groups...>").alias("rm").description("delete groups without members, and their offsets");
  remove.option("--yes", "do not ask");
  addExamples(remove, ["sluice groups delete readers --yes"]);
  remove.action(withSession(cli, deleteGroups));
}

function addReset(groups: Command, cli: Cli): void {
  const reset = addResetFlags(groups.command("reset <group>").description("move the committed offsets of a group that has no members"));
  addExamples(reset, [
    "sluice groups reset readers --topic clicks --to earliest --dry-run",
    "sluice groups reset readers --topic clicks --to 1h",
    "sluice groups reset readers --topic clicks --shift-by -1",
  ]);
  reset.action(
    withSession(cli, (session, groupId: string, flags: ResetFlags) => resetOffsets(session, session.admin.groups, groupId, flags)),
  );
}

async function listGroups({ admin, output }: Session, flags: { readonly prefix?: string; readonly lag?: boolean }): Promise<void> {
  const listed = await collect(admin.groups.list(flags.prefix === undefined ? {} : { prefix: flags.prefix }));
  const groups = flags.lag ? (await describeEach(listed, (id) => admin.groups.describe(id))).map(summarize) : listed;
  await output.document({ groups }, () =>
    formatTable(
      groups.map(({ groupId: group, ...rest }) => ({ group, ...rest })),
      "there are no groups: `sluice consume TOPIC --group NAME` makes one",
    ),
  );
}

/** Unknown where a partition could not be asked. */
function summarize({ groupId, state, members, offsets }: DescribedGroup) {
  const isKnown = offsets.every(({ lag }) => lag !== null);
  return { groupId, state, members: members.length, lag: isKnown ? offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0) : null };
}

async function describeGroup({ admin, output }: Session, groupId: string): Promise<void> {
  const group = await admin.groups.describe(groupId);
  await output.document(group, () => {
    const { state, members, lag } = summarize(group);
    return [
      `${groupId}  ${state}  ${members} ${members === 1 ? "member" : "members"}  lag ${lag ?? "unknown"}`,
      "",
      formatTable(
        group.offsets.map((offset) => offsetRow(group, offset)),
        "nothing is committed",
      ),
      ...(members === 0 ? [] : ["", formatTable(group.members.map(memberRow), "")]),
    ].join("\n");
  });
}

function offsetRow(
  group: DescribedGroup,
  { topic, partition, offset, highWatermark, lag, committedAt }: DescribedGroup["offsets"][number],
) {
  const owner = group.members.find(({ assignment }) => assignment.some((one) => one.topic === topic && one.partitions.includes(partition)));
  return { topic, partition, committed: offset, end: highWatermark, lag, at: formatTime(committedAt), member: owner?.memberId ?? null };
}

function memberRow({ memberId, memberEpoch, clientId, protocol, assignment }: DescribedGroup["members"][number]) {
  const partitions = assignment.flatMap((one) => one.partitions.map((partition) => `${one.topic}/${partition}`));
  return { member: memberId, epoch: memberEpoch, client: clientId, protocol, partitions: partitions.join(" ") || "-" };
}

async function deleteGroups(session: Session, groupIds: readonly string[], flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `delete the offsets of ${groupIds.join(", ")}`);
  for (const groupId of groupIds) await session.admin.groups.delete(groupId);
  await session.output.done({ deleted: groupIds }, `deleted ${groupIds.join(", ")}`);
}
