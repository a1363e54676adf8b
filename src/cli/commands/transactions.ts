// `sluice transactions`: which are open, what is in one, and ending one that nobody else will.

import { Argument, type Command, Option } from "commander";
import { TRANSACTION_STATES, type TransactionState } from "../../common/transaction-states.ts";
import type { Cli } from "../cli.ts";
import { collect } from "../collect.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable, formatTime } from "../table.ts";

export function addTransactionsCommand(program: Command, cli: Cli): void {
  const transactions = program.command("transactions").description("list, describe and abort transactions");
  addExamples(transactions, [
    "sluice transactions list --state Ongoing",
    "sluice transactions describe billing-1",
    "sluice transactions abort billing-1 --yes",
  ]);
  const list = transactions.command("list").alias("ls").description("transactional ids and the state of their last transaction");
  list
    .option("--prefix <text>", "only ids that start so")
    .addOption(new Option("--state <state>", "only those in this state").choices(TRANSACTION_STATES));
  addExamples(list, ["sluice transactions list", "sluice transactions list --state Ongoing --json"]);
  list.action(withSession(cli, listTransactions));
  const describe = transactions
    .command("describe")
    .addArgument(new Argument("<id>", "the transactional id"))
    .description("one, with its partitions and groups");
  addExamples(describe, ["sluice transactions describe billing-1"]);
  describe.action(withSession(cli, describeTransaction));
  const abort = transactions
    .command("abort")
    .addArgument(new Argument("<id>", "the transactional id"))
    .description("abort an open transaction: its records are given to nobody");
  abort.option("--yes", "do not ask");
  addExamples(abort, ["sluice transactions abort billing-1 --yes"]);
  abort.action(withSession(cli, abortTransaction));
}

async function listTransactions(
  { admin, output }: Session,
  { prefix, state }: { readonly prefix?: string; readonly state?: TransactionState },
): Promise<void> {
  const transactions = await collect(
    admin.transactions.list({
      ...(prefix === undefined ? {} : { prefix }),
      ...(state === undefined ? {} : { state }),
    }),
  );
  await output.document({ transactions }, () =>
    formatTable(
      transactions.map(({ transactionalId, state: now, producerId, producerEpoch, startedAt, partitions }) => ({
        ...{ id: transactionalId, state: now, producer: producerId, epoch: producerEpoch },
        ...{ started: formatTime(startedAt), partitions: partitions.length },
      })),
      "there are none",
    ),
  );
}

async function describeTransaction({ admin, output }: Session, id: string): Promise<void> {
  const transaction = await admin.transactions.describe(id);
  await output.document(transaction, () => {
    const { state, producerId, producerEpoch, transactionTimeoutMs, startedAt, partitions, groups } = transaction;
    return [
      `${id}  ${state}  producer ${producerId}, epoch ${producerEpoch}, timeout ${transactionTimeoutMs} ms, began ${formatTime(startedAt)}`,
      `partitions: ${partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ") || "none"}`,
      `groups: ${groups.join(" ") || "none"}`,
    ].join("\n");
  });
}

/** As its own producer would: with its id and epoch. A producer that is alive is told by its next request. */
async function abortTransaction(session: Session, id: string, flags: { readonly yes?: boolean }): Promise<void> {
  const { producerId, producerEpoch, state } = await session.admin.transactions.describe(id);
  if (state !== "Ongoing") throw new CliError(`${id} has no open transaction: its last one is ${state}`);
  await confirm(session, flags, `abort the open transaction of ${id}`);
  await session.admin.transactions.abort(id, { producerId, producerEpoch });
  await session.output.done({ transactionalId: id, aborted: true }, `${id}: aborted`);
}
