// `sluice share-consume`: a worker of a share group. Records go to a command, one run of it for each, or are printed.

import { type Command, Option } from "commander";
import { SHARE_ORDERS, type ShareOrder } from "../../common/share-settings.ts";
import { ENCODINGS } from "../../contract/fields.ts";
import type { LeasedRecord } from "../../sdk/share/share-consumer.ts";
import type { Cli } from "../cli.ts";
import { createPrinter, type PrinterFlags } from "../consume/printer.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import type { Verdict, WorkOptions } from "../share/work.ts";
import { duration, each, integer } from "../values.ts";

interface ShareConsumeFlags extends PrinterFlags {
  readonly topic: readonly string[];
  readonly exec?: string;
  readonly concurrency: number;
  readonly onFailure: "release" | "reject";
  readonly retryDelay: number;
  readonly lease?: number;
  readonly order?: ShareOrder;
  readonly count?: number;
  readonly exitAtEnd?: boolean;
}

const DEFAULT_RETRY_DELAY_MS = 1_000;

export function addShareConsumeCommand(program: Command, cli: Cli): void {
  const consume = program
    .command("share-consume <group>")
    .description("work off a queue: lease records, handle each by a command, or print it")
    .requiredOption("-t, --topic <topic>", "what is worked off; repeat it for more", each)
    .option("-x, --exec <command>", "run for each record, by sh: the value is its input; exit code 0 is done, 75 is to be tried again")
    .option("-n, --concurrency <count>", "commands at a time", integer(1), 1)
    .addOption(new Option("--on-failure <verdict>", "of any other exit code").choices(["release", "reject"]).default("release"))
    .option("--retry-delay <duration>", "how long what failed waits for its next delivery", duration, DEFAULT_RETRY_DELAY_MS)
    .option("--lease <duration>", "how long a record is this worker's own; renewed while a command runs", duration)
    .addOption(new Option("--order <order>", "refuse a group of another order; one that is made gets it").choices(SHARE_ORDERS))
    .option("-c, --count <count>", "end after so many records", integer(1))
    .option("-e, --exit-at-end", "end when every record is done or given up")
    .option("-f, --format <template>", "without --exec: %t topic %p partition %o offset %T timestamp %k key %v value %h headers, \\n \\t")
    .option("--null <text>", "what null is printed as in a template");
  consume.addOption(new Option("--encoding <encoding>", "how bytes are printed in JSON").choices(ENCODINGS).default("auto"));
  addExamples(consume, [
    "sluice share-consume workers --topic clicks --exec './handle' --concurrency 8",
    "sluice share-consume workers --topic clicks --exec 'timeout 30 jq .page' --on-failure reject --exit-at-end",
    "sluice share-consume workers --topic clicks --count 10",
  ]);
  consume.action(withSession(cli, runShareConsume));
}

async function runShareConsume(session: Session, groupId: string, flags: ShareConsumeFlags): Promise<void> {
  const { topic: topics, concurrency, order, lease, count, exitAtEnd = false, retryDelay: retryDelayMs } = flags;
  const options: WorkOptions = {
    ...{ groupId, topics, concurrency, exitAtEnd, retryDelayMs },
    ...(order !== undefined && { order }),
    ...(lease !== undefined && { leaseMs: lease }),
    ...(count !== undefined && { count }),
  };
  const handle = flags.exec === undefined ? printing(session, flags) : await executing(session, flags.exec, flags);
  const { work } = await import("../share/work.ts");
  const { acknowledged, released, rejected } = await work(session, options, handle);
  if (!session.output.json) session.output.note(`${acknowledged} acknowledged, ${released} released, ${rejected} rejected`);
}

type Handle = (record: LeasedRecord) => Promise<Verdict>;

/** Done is what was printed. */
function printing({ output }: Session, flags: ShareConsumeFlags): Handle {
  const print = createPrinter(output.json, flags);
  return async (record) => {
    await output.write(print(record));
    return "acknowledged";
  };
}

/** With --json standard output has a line for each verdict, and what commands print goes to standard error. */
async function executing(session: Session, command: string, flags: ShareConsumeFlags): Promise<Handle> {
  if (flags.format !== undefined || flags.null !== undefined)
    throw new UsageError("--format and --null are for records that are printed: --exec hands a command the value as it is");
  const { runCommand, TEMPORARY_FAILURE } = await import("../share/run-command.ts");
  const { cli, output } = session;
  const said = async (chunk: Uint8Array) => void output.stderr.write(chunk);
  const surroundings = { environment: cli.environment, printed: output.json ? said : (chunk: Uint8Array) => output.write(chunk), said };
  const verdictOf = (exitCode: number | null): Verdict => {
    if (exitCode === 0) return "acknowledged";
    const isTemporary = exitCode === null || exitCode === TEMPORARY_FAILURE;
    return isTemporary || flags.onFailure === "release" ? "released" : "rejected";
  };
  return async (record) => {
    const exitCode = await runCommand(command, record, surroundings);
    const verdict = verdictOf(exitCode);
    const { topic, partition, offset, deliveryCount } = record;
    if (output.json) await output.write(`${JSON.stringify({ topic, partition, offset, deliveryCount, exitCode, verdict })}\n`);
    return verdict;
  };
}
