// `sluice quotas`: how many bytes and requests a second a user or a client id may have.

import type { Command } from "commander";
import type { Cli } from "../../cli.ts";
import { UsageError } from "../../failure.ts";
import { addExamples } from "../../help.ts";
import { type Session, withSession } from "../../session.ts";
import { formatTable } from "../../table.ts";
import { positive, size } from "../../values.ts";

interface Entity {
  readonly user?: string | null;
  readonly clientId?: string | null;
}

/** A second. (commander takes null for a value that is missing.) */
type Rate = number | "none";

interface QuotaFlags {
  readonly user?: string;
  readonly clientId?: string;
  readonly produce?: Rate;
  readonly consume?: Rate;
  readonly requests?: Rate;
}

export function addQuotasCommand(program: Command, cli: Cli): void {
  const quotas = program.command("quotas").description("bytes and requests a second, by user and client id");
  addExamples(quotas, [
    "sluice quotas set --user alice --produce 1MB",
    "sluice quotas set --user alice --produce none",
    "sluice quotas list",
  ]);
  quotas.command("list").alias("ls").description("list quotas").action(withSession(cli, listQuotas));
  const set = quotas
    .command("set")
    .description("set or take away quotas of a user, a client id, or both together")
    .option("--user <name>", "the user; default for all who have none of their own")
    .option("--client-id <id>", "the client id; default for all that have none of their own")
    .option("--produce <size>", "bytes a second; none takes it away", orNone(size))
    .option("--consume <size>", "bytes a second; none takes it away", orNone(size))
    .option("--requests <count>", "requests a second; none takes it away", orNone(positive));
  addExamples(set, [
    "sluice quotas set --user alice --produce 1MB --requests 100",
    "sluice quotas set --client-id default --consume 10MiB",
  ]);
  set.action(withSession(cli, setQuota));
}

function orNone(parse: (text: string) => number): (text: string) => Rate {
  return (text) => (text === "none" ? text : parse(text));
}

async function listQuotas({ admin, output }: Session): Promise<void> {
  const quotas = await admin.security.quotas();
  await output.document({ quotas }, () =>
    formatTable(
      quotas.map(({ user, clientId, values }) => ({
        ...{ user: shownName(user), client: shownName(clientId), produce: values.producer_byte_rate ?? null },
        ...{ consume: values.consumer_byte_rate ?? null, requests: values.request_rate ?? null },
      })),
      "there are none",
    ),
  );
}

/** null: the default of all; undefined: whoever it is. */
function shownName(name: string | null | undefined): string {
  return name === null ? "(default)" : (name ?? "any");
}

async function setQuota({ admin, output }: Session, flags: QuotaFlags): Promise<void> {
  const { user, clientId, produce, consume, requests } = flags;
  const entity: Entity = {
    ...(user === undefined ? {} : { user: named(user) }),
    ...(clientId === undefined ? {} : { clientId: named(clientId) }),
  };
  const values = {
    ...(produce === undefined ? {} : { producer_byte_rate: asValue(produce) }),
    ...(consume === undefined ? {} : { consumer_byte_rate: asValue(consume) }),
    ...(requests === undefined ? {} : { request_rate: asValue(requests) }),
  };
  if (user === undefined && clientId === undefined) throw new UsageError("whose quota? Give --user, --client-id, or both");
  if (Object.keys(values).length === 0) throw new UsageError("which quota? Give --produce, --consume or --requests");
  await admin.security.setQuota({ ...entity, values });
  await output.done({ ...entity, values }, "set");
}

function asValue(rate: Rate): number | null {
  return rate === "none" ? null : rate;
}

function named(text: string): string | null {
  return text === "default" ? null : text;
}
