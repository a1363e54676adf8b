// Kills the broker with kill -9 again and again under transactional, idempotent and plain producers and readers of all kinds, and judges what
// they did and saw as Jepsen's Kafka workload does (test/support/history/check.ts).
//
//   node test/e2e/transaction-checker.ts [--seconds 90] [--rounds 20] [--seed N] [--fault NAME]
//
// Producers commit, abort, walk away from open transactions until the broker aborts them, and are taken over while they write; transformers
// consume and produce in one transaction, two to a transactional id. They go the old way and the new (KIP-890, part 2), on the same ids. Segments are small and go to the archive. At the end everything is read
// once more by every door in every isolation. With --fault something is broken on purpose: by the clients (CLIENT_FAULTS) or in what is
// recorded (faults.ts). The run then succeeds only where the checker reports it.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import type { AnomalyKind } from "../support/history/anomalies.ts";
import { checkHistory, countKinds, describeAnomalies, type HistoryReport } from "../support/history/check.ts";
import { FAULTS, type Fault } from "../support/history/faults.ts";
import type { History, Outcome } from "../support/history/history.ts";
import { createTopic } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";
import { runHttpMember } from "./transactions/http-members.ts";
import { runPlainProducer } from "./transactions/http-producers.ts";
import { runKafkajsMember, runKafkajsProducer, runKafkajsTransactions, runKafkajsTransformer } from "./transactions/kafkajs-clients.ts";
import { readAll, runReader } from "./transactions/readers.ts";
import { runTransactionalProducer } from "./transactions/transactional-producers.ts";
import { readAllOffsets, runCommitter, runTransformer, TRANSFORM_GROUP } from "./transactions/transformers.ts";
import {
  CLIENT_FAULTS,
  type ClientFault,
  call,
  PARTITIONS,
  PLACES,
  splitPlace,
  TOPICS,
  TRANSACTION_TIMEOUT_MS,
  Work,
} from "./transactions/work.ts";

const SEGMENT_CONFIGS = { "segment.bytes": "30000", "index.interval.bytes": "1000" };
const OFFSETS_PER_COMMITTER = 1_000_000;

/** Before one kill in so many the runtime stands still, for longer than transactions may be open. */
const PAUSE_SHARE = 0.25;
const MAX_PAUSE_MS = 2 * TRANSACTION_TIMEOUT_MS;

export interface CheckerOptions {
  /** How long the clients work, kills included. */
  readonly seconds: number;
  /** Kills, at random moments. */
  readonly rounds: number;
  readonly seed: number;
  /** The clients go on until so many transactions are committed, and so many aborted. */
  readonly transactions?: number;
  readonly fault?: ClientFault;
}

export interface CheckedRun {
  readonly history: History;
  readonly report: HistoryReport;
  readonly kills: number;
  readonly seconds: number;
}

/** Runs the clients and the kills, reads everything, and judges. Rejects where a client meets what it can't explain. */
export async function checkTransactions({ seconds, rounds, seed, transactions = 0, fault }: CheckerOptions): Promise<CheckedRun> {
  const start = performance.now();
  const broker = await startBroker({ archive: "" });
  const work = new Work(broker, seed, fault ?? null);
  try {
    for (const topic of [TOPICS.input, ...TOPICS.outputs]) await createTopic(broker.url, topic, PARTITIONS, SEGMENT_CONFIGS);
    const working = Promise.all(clients(work));
    const failed = working.then(() => null);
    const random = work.newRandom();
    for (let round = 0; round < rounds; round++) {
      await Promise.race([sleep(random.below(((2 * seconds) / (rounds + 1)) * 1000)), failed]);
      if (fault !== undefined) await breakSomething(work, fault);
      if (random.isChance(PAUSE_SHARE)) await pauseBroker(broker, random.below(MAX_PAUSE_MS));
      await broker.kill9();
      await broker.restart();
    }
    await Promise.race([sleep(Math.max(0, seconds * 1000 - (performance.now() - start))), failed]);
    const isEnough = (outcome: Outcome) => countTransactions(work.history, outcome) >= transactions;
    await Promise.race([until(`there are ${transactions} transactions`, () => isEnough("ok") && isEnough("fail")), failed]);
    work.isOver = true;
    await working;
    await readAll(work);
    await readAllOffsets(work);
    const report = checkHistory(work.history);
    return { history: work.history, report, kills: rounds, seconds: (performance.now() - start) / 1000 };
  } finally {
    work.isOver = true;
    await broker.stop();
  }
}

function clients(work: Work): Promise<void>[] {
  return [
    runPlainProducer(work, "idempotent", true),
    runPlainProducer(work, "plain", false),
    runKafkajsProducer(work, "kafkajs idempotent"),
    ...["mixed-a", "mixed-b", "mixed-c"].map((client) => runTransactionalProducer(work, client)),
    ...["kafkajs-a", "kafkajs-b"].map((client) => runKafkajsTransactions(work, client)),
    ...(["http", "kafka"] as const).flatMap((door) =>
      (["read_committed", "read_uncommitted"] as const).map((isolation) => runReader(work, `${door} ${isolation}`, door, isolation)),
    ),
    ...["one", "two"].map((name) => runKafkajsMember(work, `kafkajs member ${name}`, "kafkajs-members")),
    ...["one", "two"].map((name) => runHttpMember(work, `http member ${name}`, "http-members")),
    ...PLACES.filter((place) => place.startsWith(`${TOPICS.input}/`)).flatMap((input) => [
      runTransformer(work, `mixed transformer of ${input}`, input),
      runKafkajsTransformer(work, `kafkajs transformer of ${input}`, input),
    ]),
    ...[1, 2].map((number) => runCommitter(work, `committer ${number}`, number * OFFSETS_PER_COMMITTER)),
  ];
}

/** Stops the runtime and lets it go on, as a machine that is overloaded: its clocks have moved when it wakes up. */
async function pauseBroker({ workerdPid }: Broker, ms: number): Promise<void> {
  process.kill(workerdPid, "SIGSTOP");
  await sleep(ms);
  process.kill(workerdPid, "SIGCONT");
  await sleep(ms);
}

/** Does to the broker what it should never do by itself. */
async function breakSomething(work: Work, fault: ClientFault): Promise<void> {
  if (fault === "reset-offsets") {
    await call(work, "POST", `/v1/groups/${TRANSFORM_GROUP}/reset`, { topic: TOPICS.input, to: "earliest" });
  } else if (fault === "truncate") {
    for (const place of PLACES) {
      const { topic, partition } = splitPlace(place);
      await call(work, "POST", `/v1/topics/${topic}/partitions/${partition}/truncate`, { beforeOffset: -1 });
    }
  }
}

function countTransactions(history: History, outcome: Outcome): number {
  return history.filter((operation) => operation.kind === "transaction" && operation.outcome === outcome).length;
}

/** What was done, in one line. */
export function describeRun({ history, report, kills, seconds }: CheckedRun): string {
  const transactions = history.filter((operation) => operation.kind === "transaction");
  const sends = history.flatMap((operation) => (operation.kind === "send" || operation.kind === "transaction" ? operation.sends : []));
  const polls = history.filter((operation) => operation.kind === "poll");
  const count = (outcome: Outcome) => countTransactions(history, outcome);
  const consumed = transactions.filter(({ consumed, outcome }) => consumed.length > 0 && outcome === "ok").length;
  const offsets = history.filter(({ kind }) => kind === "commit" || kind === "committed").length;
  const allowed = Object.entries(countKinds(report.allowed)).map(([kind, found]) => `${found} ${kind}`);
  return (
    `${kills} kills in ${seconds.toFixed(1)} s: ${history.length} operations of ${new Set(history.map(({ client }) => client)).size} clients; ` +
    `${sends.filter(({ outcome }) => outcome === "ok").length} of ${sends.length} records acknowledged; transactions: ${count("ok")} committed ` +
    `(${consumed} with input), ${count("fail")} aborted, ${count("unknown")} of unknown end; ` +
    `${polls.reduce((sum, { records }) => sum + records.length, 0)} records in ${polls.length} polls; ${offsets} commits and reads of offsets; ` +
    `allowed by Kafka: ${allowed.join(", ") || "nothing"}`
  );
}

/** The anomalies that a fault must lead to, one of them. */
export const EXPECTED_OF_CLIENT_FAULTS: Readonly<Record<ClientFault, readonly AnomalyKind[]>> = {
  "uncommitted-readers": ["aborted-read", "intermediate-read"],
  resend: ["duplicate"],
  truncate: ["lost-write", "unseen", "torn-transaction", "skipped-poll"],
  "reset-offsets": ["consumed-twice"],
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "90" },
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      fault: { type: "string" },
    },
  });
  const [seconds, rounds, seed] = [Number(values.seconds), Number(values.rounds), Number(values.seed)];
  const clientFault = CLIENT_FAULTS.find((name) => name === values.fault);
  const recordFault = values.fault !== undefined && values.fault in FAULTS ? (values.fault as Fault) : undefined;
  if (values.fault !== undefined && clientFault === undefined && recordFault === undefined) {
    throw new Error(`--fault is one of ${[...CLIENT_FAULTS, ...Object.keys(FAULTS)].join(", ")}`);
  }
  console.log(`seed ${seed}`);
  const run = await checkTransactions({ seconds, rounds, seed, ...(clientFault !== undefined && { fault: clientFault }) });
  console.log(describeRun(run));
  const spoilt = recordFault === undefined ? run.history : FAULTS[recordFault](run.history);
  if (spoilt === null) throw new Error(`the history has nothing for ${recordFault} to spoil`);
  const report = spoilt === run.history ? run.report : checkHistory(spoilt);
  console.log(describeAnomalies(report.anomalies));
  const expected = clientFault !== undefined ? EXPECTED_OF_CLIENT_FAULTS[clientFault] : recordFault !== undefined ? [recordFault] : null;
  const found = [...report.anomalies, ...report.allowed].map(({ kind }): string => kind);
  const isAsExpected = expected === null ? report.anomalies.length === 0 : expected.some((kind) => found.includes(kind));
  if (!isAsExpected) process.exitCode = 1;
}

if (import.meta.main) await main();
