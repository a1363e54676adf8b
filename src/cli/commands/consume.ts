// `sluice consume`: records of topics to standard output, by themselves or as a member of a group.

import { type Command, Option } from "commander";
import { ENCODINGS } from "../../contract/fields.ts";
import type { Cli } from "../cli.ts";
import { createPrinter, type PrinterFlags } from "../consume/printer.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type FilterFlags, parseFilter } from "../records/filter.ts";
import type { StoredRecord } from "../records/record.ts";
import { type Session, withSession } from "../session.ts";
import { each, integer, integerList, type Position, position } from "../values.ts";

interface ConsumeFlags extends PrinterFlags, FilterFlags {
  readonly from?: Position;
  readonly to?: Position;
  readonly follow?: boolean;
  readonly exitAtEnd?: boolean;
  readonly partition?: readonly number[];
  readonly group?: string;
  readonly instanceId?: string;
  readonly count?: number;
  readonly uncommitted?: boolean;
}

export function addConsumeCommand(program: Command, cli: Cli): void {
  const consume = program
    .command("consume <topics...>")
    .description("read records: from the earliest, and on until Ctrl-C")
    .option(
      "--from <position>",
      "earliest, latest, an offset, -K (the last K records), a time (2026-01-31T12:00:00Z, @MS) or 15m (ago)",
      position,
    )
    .option("--to <position>", "end before it: an offset, latest (what is there now), or a time", position)
    .option("--follow", "only what comes from now on: --from latest")
    .option("-e, --exit-at-end", "end when everything that is there is read")
    .option("-p, --partition <list>", "only these: 0,2,5-7", integerList)
    .option("-g, --group <group>", "as a member of this group: its offsets are where it begins, and are committed")
    .option("--instance-id <name>", "a static member's name")
    .option("-c, --count <count>", "end after so many records", integer(1))
    .option("-f, --format <template>", "%t topic %p partition %o offset %T timestamp %k key %v value %h headers %K %S sizes, \\n \\t")
    .option("--null <text>", "what null is printed as in a template")
    .option("--key <regex>", "only records in whose key it is found")
    .option("--header <name[=regex]>", "only records with the header; repeat it for more", each)
    .option("--uncommitted", "records of open and aborted transactions too");
  consume.addOption(new Option("--encoding <encoding>", "how bytes are printed in JSON").choices(ENCODINGS).default("auto"));
  addExamples(consume, [
    "sluice consume clicks --exit-at-end",
    "sluice consume clicks --follow",
    "sluice consume clicks --group readers --exit-at-end",
    "sluice consume clicks --from 1h --to latest --format '%p %o %k: %v\\n'",
    "sluice consume clicks --json --key '^u1$' --count 10 --exit-at-end",
  ]);
  consume.action(withSession(cli, runConsume));
}

async function runConsume(session: Session, topics: readonly string[], flags: ConsumeFlags): Promise<void> {
  const isWanted = parseFilter(flags);
  const print = createPrinter(session.output.json, flags);
  const from = startOf(flags);
  const isolation = flags.uncommitted ? "read_uncommitted" : "read_committed";
  if (flags.group !== undefined)
    return consumeAsMember(session, topics, { ...flags, group: flags.group }, { from, isWanted, print, isolation });
  const { resolveRanges } = await import("../consume/ranges.ts");
  const { readRanges } = await import("../consume/read-ranges.ts");
  const to = flags.to ?? (flags.exitAtEnd ? ({ kind: "latest" } as const) : null);
  const ranges = await resolveRanges(session, topics, {
    from,
    to,
    ...(flags.partition === undefined ? {} : { partitions: flags.partition }),
  });
  let left = flags.count ?? Number.POSITIVE_INFINITY;
  for await (const page of readRanges(session, ranges, { signal: session.signal, isolation })) {
    const wanted = page.filter(isWanted).slice(0, left);
    await session.output.write(Buffer.concat(wanted.map(print)));
    left -= wanted.length;
    if (left === 0) return;
  }
}

function startOf({ from, follow, group }: ConsumeFlags): Position {
  if (from !== undefined && follow) throw new UsageError("--follow is --from latest: give one of them");
  const start = from ?? (follow ? ({ kind: "latest" } as const) : ({ kind: "earliest" } as const));
  if (group === undefined || start.kind === "earliest" || start.kind === "latest") return start;
  throw new UsageError(
    `a group begins where it was: \`sluice groups reset ${group} --topic TOPIC --to …\` moves it (--from says earliest or latest, where it was nowhere)`,
  );
}

interface Reading {
  readonly from: Position;
  readonly isWanted: (record: StoredRecord) => boolean;
  readonly print: (record: StoredRecord) => Uint8Array;
  readonly isolation: "read_committed" | "read_uncommitted";
}

async function consumeAsMember(
  session: Session,
  topics: readonly string[],
  { group, instanceId, to, partition, exitAtEnd = false, count }: ConsumeFlags & { readonly group: string },
  { from, isWanted, print, isolation }: Reading,
): Promise<void> {
  if (to !== undefined || partition !== undefined)
    throw new UsageError("--to and --partition are not for a member of a group: the group divides the partitions");
  const { readGroup } = await import("../consume/read-group.ts");
  let left = count ?? Number.POSITIVE_INFINITY;
  await readGroup(
    session,
    {
      ...{ groupId: group, topics, isolation, exitAtEnd, autoOffsetReset: from.kind === "latest" ? "latest" : "earliest" },
      ...(instanceId === undefined ? {} : { instanceId }),
    },
    async (record) => {
      if (!isWanted(record)) return "more";
      await session.output.write(print(record));
      return --left === 0 ? "last" : "more";
    },
  );
}
