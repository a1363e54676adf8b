// `sluice subscriptions`: webhooks, each a consumer group that is called; and those that are pulled from (subscription-pull.ts).

import { type Command, Option } from "commander";
import type { PutPullSubscriptionRequest } from "../../contract/pull-subscriptions.ts";
import type { PutSubscriptionRequest } from "../../contract/subscription-shapes.ts";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { confirm } from "../confirm.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { addTargetFlags, type ResetTarget, resetTarget } from "../reset-offsets.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable } from "../table.ts";
import { duration, each, integer } from "../values.ts";
import { addPullCommands } from "./subscription-pull.ts";

interface SetFlags {
  readonly topic: readonly string[];
  readonly endpoint?: string;
  readonly pull?: boolean;
  readonly lease?: number;
  readonly maxAttempts?: number;
  readonly from?: "earliest" | "latest";
  readonly order?: "partition" | "key" | "none";
  readonly format?: "json" | "cloudevents" | "raw";
  readonly filter?: string;
  readonly deadLetterTopic?: string;
  readonly maxInFlight?: number;
}

export function addSubscriptionsCommand(program: Command, cli: Cli): void {
  const subscriptions = program
    .command("subscriptions")
    .description("webhooks: topics whose records are POSTed to a URL, or pulled by workers");
  const example = "sluice subscriptions set billing --topic clicks --endpoint https://example.com/hook --order key";
  addExamples(subscriptions, [example, "sluice subscriptions list", "sluice subscriptions pause billing"]);
  const list = subscriptions
    .command("list")
    .alias("ls")
    .description("list subscriptions")
    .option("--prefix <text>", "only names that start so");
  addExamples(list, ["sluice subscriptions list", "sluice subscriptions list --prefix bill --json"]);
  list.action(withSession(cli, listSubscriptions));
  subscriptions.command("describe <name>").description("one, and how it is doing").action(withSession(cli, describeSubscription));
  addSet(subscriptions, cli, example);
  subscriptions.command("pause <name>").description("call it no more, hand out nothing more").action(withSession(cli, pauseSubscription));
  subscriptions.command("resume <name>").description("go on").action(withSession(cli, resumeSubscription));
  const replay = subscriptions.command("replay <name>").description("deliver again from another place on");
  addTargetFlags(replay);
  addExamples(replay, ["sluice subscriptions replay billing --to earliest", "sluice subscriptions replay billing --to 1h"]);
  replay.action(withSession(cli, replaySubscription));
  addPullCommands(subscriptions, cli);
  const remove = subscriptions.command("delete <name>").alias("rm").description("delete a subscription").option("--yes", "do not ask");
  addExamples(remove, ["sluice subscriptions delete billing --yes"]);
  remove.action(withSession(cli, deleteSubscription));
}

function addSet(subscriptions: Command, cli: Cli, example: string): void {
  const set = subscriptions
    .command("set <name>")
    .description("make or change one; what is left out has its default")
    .requiredOption("-t, --topic <topic>", "what is delivered; repeat it for more", each)
    .option("--endpoint <url>", "what is called: https://…, or binding:NAME/path")
    .option("--pull", "nobody is called: `subscriptions pull` asks for records")
    .addOption(new Option("--from <place>", "where it begins (latest)").choices(["earliest", "latest"]))
    .addOption(new Option("--order <order>", "what waits for what (partition)").choices(["partition", "key", "none"]))
    .addOption(new Option("--format <format>", "of the body (json)").choices(["json", "cloudevents", "raw"]))
    .option("--filter <cel>", "only records for which this CEL expression is true")
    .option("--dead-letter-topic <topic>", "where records go after the last attempt")
    .option("--max-in-flight <count>", "calls under way at a time; with --pull, records of a partition", integer(1))
    .option("--max-attempts <count>", "calls, or deliveries, of a record before it is given up", integer(1))
    .option("--lease <duration>", "with --pull: how long a record is a worker's own (30s)", duration);
  addExamples(set, [example, "sluice subscriptions set jobs --topic jobs --pull --order none --max-attempts 5"]);
  set.action(withSession(cli, setSubscription));
}

async function listSubscriptions({ admin, output }: Session, flags: { readonly prefix?: string }): Promise<void> {
  const subscriptions = await collect(admin.subscriptions.list(flags));
  await output.document({ subscriptions }, () =>
    formatTable(
      subscriptions.map(({ name }) => ({ subscription: name })),
      "there are no subscriptions",
    ),
  );
}

async function describeSubscription({ admin, output }: Session, name: string): Promise<void> {
  const subscription = await admin.subscriptions.describe(name);
  await output.document(subscription, () => JSON.stringify(subscription, null, 2));
}

/** The secret of a new one is told this once. */
async function setSubscription({ admin, output }: Session, name: string, flags: SetFlags): Promise<void> {
  const request = flags.pull ? pulledRequest(flags) : calledRequest(flags);
  const subscription = await admin.subscriptions.put(name, request);
  await output.document(subscription, () => {
    const secret = "secret" in subscription && subscription.secret ? `; its secret, shown this once: ${subscription.secret}` : "";
    return `${name}: set${secret}`;
  });
}

function calledRequest({ topic, endpoint, pull: _pull, lease, maxAttempts, ...settings }: SetFlags): PutSubscriptionRequest {
  if (endpoint === undefined) throw new UsageError("give --endpoint, or --pull for a subscription that is pulled from");
  if (lease !== undefined) throw new UsageError("--lease goes with --pull");
  return { ...settings, topics: [...topic], url: endpoint, ...(maxAttempts !== undefined && { retry: { maxAttempts } }) };
}

function pulledRequest({ topic, endpoint, lease, maxAttempts, format, ...settings }: SetFlags): PutPullSubscriptionRequest {
  if (endpoint !== undefined || format !== undefined)
    throw new UsageError("with --pull nobody is called: leave out --endpoint and --format");
  return {
    ...settings,
    pull: true,
    topics: [...topic],
    ...(lease !== undefined && { leaseMs: lease }),
    ...(maxAttempts !== undefined && { retry: { maxAttempts } }),
  };
}

async function pauseSubscription({ admin, output }: Session, name: string): Promise<void> {
  await output.done(await admin.subscriptions.pause(name), `${name}: paused`);
}

async function resumeSubscription({ admin, output }: Session, name: string): Promise<void> {
  await output.done(await admin.subscriptions.resume(name), `${name}: resumed`);
}

async function replaySubscription({ admin, output }: Session, name: string, flags: ResetTarget): Promise<void> {
  await output.done(await admin.subscriptions.replay(name, { to: resetTarget(flags) }), `${name}: delivers again`);
}

async function deleteSubscription(session: Session, name: string, flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `delete the subscription ${name}`);
  await session.admin.subscriptions.delete(name);
  await session.output.done({ deleted: name }, `deleted ${name}`);
}
