// `sluice perf`: the measurements of Kafka's perf tools.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addExamples } from "../help.ts";
import type { PerfConsumeFlags } from "../perf/consume.ts";
import type { PerfLatencyFlags } from "../perf/latency.ts";
import type { PerfProduceFlags } from "../perf/produce.ts";
import { addAcksOption } from "../produce/acks.ts";
import { type Session, withSession } from "../session.ts";
import { duration, integer, positive, size } from "../values.ts";
import { addCompressionOption } from "./produce.ts";

export function addPerfCommand(program: Command, cli: Cli): void {
  const perf = program.command("perf").description("measure throughput and latency, with the figures of Kafka's perf tools");
  addExamples(perf, ["sluice perf produce bench --records 100000 --size 100", "sluice perf consume bench", "sluice perf latency bench"]);
  const produce = perf
    .command("produce <topic>")
    .description("write records, as many a second as can be")
    .option("-n, --records <count>", "how many", integer(1), 100_000)
    .option("-s, --size <size>", "of a value", size, 100)
    .option("--rate <count>", "no more than so many records a second", positive)
    .option("--batch-size <size>", "of a batch", size)
    .option("--linger <duration>", "how long records wait for others to share a request", duration, 5);
  addCompressionOption(produce);
  addAcksOption(produce);
  addExamples(produce, [
    "sluice perf produce bench --records 100000 --size 100",
    "sluice perf produce bench --records 1000 --size 1KB --rate 5000 --compression gzip",
  ]);
  produce.action(
    withSession(cli, async (session: Session, topic: string, flags: PerfProduceFlags) =>
      (await import("../perf/produce.ts")).perfProduce(session, topic, flags),
    ),
  );
  const consume = perf
    .command("consume <topic>")
    .description("read records from the earliest on")
    .option("-n, --records <count>", "how many (all that are there)", integer(1));
  addExamples(consume, ["sluice perf consume bench", "sluice perf consume bench --records 1000 --json"]);
  consume.action(
    withSession(cli, async (session: Session, topic: string, flags: PerfConsumeFlags) =>
      (await import("../perf/consume.ts")).perfConsume(session, topic, flags),
    ),
  );
  const latency = perf
    .command("latency <topic>")
    .description("from send to arrival, one record at a time")
    .option("-n, --records <count>", "how many", integer(1), 1000)
    .option("-s, --size <size>", "of a value", size, 100);
  addExamples(latency, ["sluice perf latency bench --records 100"]);
  latency.action(
    withSession(cli, async (session: Session, topic: string, flags: PerfLatencyFlags) =>
      (await import("../perf/latency.ts")).perfLatency(session, topic, flags),
    ),
  );
}
