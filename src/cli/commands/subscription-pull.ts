// `sluice subscriptions pull` and `ack`: records of a subscription that is pulled from, leased until they are settled.

import type { Command } from "commander";
import type { AckRequest, PullAnswer } from "../../contract/pull-subscriptions.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable } from "../table.ts";
import { duration, each, integer } from "../values.ts";

interface PullFlags {
  readonly maxRecords: number;
  readonly maxWait: number;
  readonly lease?: number;
  readonly ack?: boolean;
}

interface AckFlags {
  readonly retry?: readonly string[];
  readonly delay?: number;
  readonly reject?: readonly string[];
}

export function addPullCommands(subscriptions: Command, cli: Cli): void {
  const pull = subscriptions
    .command("pull <name>")
    .description("lease records of one that is pulled from")
    .option("--max-records <count>", "at most so many", integer(1), 10)
    .option("--max-wait <duration>", "how long to wait for the first", duration, 0)
    .option("--lease <duration>", "how long they are yours (as the subscription says)", duration)
    .option("--ack", "acknowledge them once they are printed");
  addExamples(pull, ["sluice subscriptions pull jobs --max-wait 20s", "sluice subscriptions pull jobs --ack --json"]);
  pull.action(withSession(cli, pullRecords));
  const ack = subscriptions
    .command("ack <name> [leases...]")
    .description("settle leased records: those named are done")
    .option("--retry <lease>", "deliver it again; repeat it for more", each)
    .option("--delay <duration>", "with --retry: not before", duration)
    .option("--reject <lease>", "never deliver it again; repeat it for more", each);
  addExamples(ack, ["sluice subscriptions ack jobs AQw3aavR5E9q…", "sluice subscriptions ack jobs --retry AQw3aavR5E9q… --delay 5m"]);
  ack.action(withSession(cli, ackRecords));
}

async function pullRecords({ admin, output }: Session, name: string, { maxWait, lease, ack, maxRecords }: PullFlags): Promise<void> {
  const request = { maxRecords, maxWaitMs: maxWait, ...(lease !== undefined && { leaseMs: lease }) };
  const pulled = await admin.subscriptions.pull(name, request);
  await output.document(pulled, () => tableOf(pulled));
  if (ack && pulled.records.length > 0) await settle({ admin, output }, name, { acks: pulled.records.map(({ leaseId }) => leaseId) });
}

function tableOf({ records }: PullAnswer): string {
  const rows = records.map(({ topic, partition, offset, deliveryCount, key, value, leaseId }) => ({
    record: `${topic}/${partition}/${offset}`,
    delivery: deliveryCount,
    key: textOf(key),
    value: textOf(value),
    lease: leaseId,
  }));
  return formatTable(rows, "there is nothing to deliver");
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function ackRecords({ admin, output }: Session, name: string, leases: readonly string[], flags: AckFlags): Promise<void> {
  const { retry = [], delay = 0, reject = [] } = flags;
  if (leases.length + retry.length + reject.length === 0) throw new UsageError("name a lease, as `subscriptions pull` told it");
  const settled = await settle({ admin, output }, name, {
    acks: [...leases],
    retries: retry.map((leaseId) => ({ leaseId, delayMs: delay })),
    rejects: [...reject],
  });
  await output.done(settled, `${name}: settled ${settled.settled}`);
}

/** Leases that do not count any more are told, and fail nothing: their records are delivered again, or were settled before. */
async function settle({ admin, output }: Pick<Session, "admin" | "output">, name: string, request: AckRequest) {
  const settled = await admin.subscriptions.ack(name, request);
  for (const { leaseId, detail } of settled.errors ?? []) output.note(`${leaseId}: ${detail}`);
  return settled;
}
