// Consume, transform and produce with transactions, while the broker and the clients are killed with kill -9: each input record has one
// output record that readers of committed records see, and no other (Kafka's exactly-once semantics, KIP-98 and KIP-447).
//
//   node test/e2e/exactly-once.ts [--way old|new] [--rounds 20] [--records 400] [--seed N]
//
// A transformer is a process of its own: it reads some records of a group, writes an output record for each and the group's offsets in one
// transaction, and commits or, now and then, aborts and reads again. The old way (exactly-once-transformer.ts) is a member of the group by
// kafkajs, the new way (exactly-once-wire-transformer.ts) has an epoch for each transaction (KIP-890, part 2). In each round the broker or the
// transformer is killed, at a random moment, and started again. A new transformer has the same transactional id and so fences the one before.
// At the end the output, read with read_committed, is compared with the input; the output that was aborted is counted, so that it is known
// that there was some.

import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

const TRANSFORMERS = { old: "exactly-once-transformer.ts", new: "exactly-once-wire-transformer.ts" } as const;

type Way = keyof typeof TRANSFORMERS;

const TOPICS = { input: "exactly-once-in", output: "exactly-once-out" } as const;
const PARTITIONS = 2;
const RECORDS_PER_PRODUCE = 100;

/** A kill comes this long after the one before is made good, at most: a transformer needs some of it to join its group. */
const MAX_UPTIME_MS = 2_500;

export interface ExactlyOnceOptions {
  readonly rounds: number;
  /** Written to the input before each round. */
  readonly records: number;
  readonly seed: number;
  readonly way: Way;
}

export interface ExactlyOnceFigures {
  readonly brokerKills: number;
  readonly clientKills: number;
  readonly inputRecords: number;
  /** Written to the output, whatever became of them. */
  readonly writtenRecords: number;
  readonly seconds: number;
}

/** Runs all rounds; rejects where an input record has no output record, or more than one. */
export async function exactlyOnce({ rounds, records, seed, way }: ExactlyOnceOptions): Promise<ExactlyOnceFigures> {
  const random = seededRandom(seed);
  const start = performance.now();
  const broker = await startBroker();
  const transformer = new Transformer(broker, way);
  let inputRecords = 0;
  let brokerKills = 0;
  try {
    for (const name of Object.values(TOPICS)) await postJson(`${broker.url}/v1/topics`, { name, partitions: PARTITIONS });
    transformer.start();
    for (let round = 0; round < rounds; round++) {
      inputRecords = await writeInput(broker.url, inputRecords, records);
      await sleep(random() * MAX_UPTIME_MS);
      if (random() < 0.5) {
        brokerKills += 1;
        await broker.kill9();
        await broker.restart();
      } else {
        await transformer.kill9();
        transformer.start();
      }
    }
    const { url } = broker;
    await until("all is transformed", async () => (await outputOf(url, "read_committed")).length >= inputRecords);
    compare(await outputOf(url, "read_committed"), inputRecords);
    const writtenRecords = (await outputOf(url, "read_uncommitted")).length;
    const seconds = (performance.now() - start) / 1000;
    return { brokerKills, clientKills: rounds - brokerKills, inputRecords, writtenRecords, seconds };
  } finally {
    await transformer.kill9();
    await broker.stop();
  }
}

/** The process that transforms. It ends only when it is killed, or gives up because a killed broker left it behind: then another begins. */
class Transformer {
  readonly #broker: Broker;
  readonly #program: string;
  #child: ChildProcess | null = null;

  constructor(broker: Broker, way: Way) {
    this.#broker = broker;
    this.#program = fileURLToPath(new URL(TRANSFORMERS[way], import.meta.url));
  }

  start(): void {
    const child = fork(this.#program, [this.#broker.kafkaAddress, TOPICS.input, TOPICS.output, String(PARTITIONS)], { stdio: "ignore" });
    this.#child = child;
    child.once("exit", () => {
      if (this.#child === child) this.start();
    });
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await promise;
  }
}

/** Writes the next numbers to the input; resolves to how many there are then. */
async function writeInput(url: string, from: number, count: number): Promise<number> {
  for (let first = from; first < from + count; first += RECORDS_PER_PRODUCE) {
    const numbers = Array.from({ length: Math.min(RECORDS_PER_PRODUCE, from + count - first) }, (_, i) => first + i);
    const records = numbers.map((number) => ({ value: String(number), partition: number % PARTITIONS }));
    await postJson(`${url}/v1/topics/${TOPICS.input}/records?offsets=false`, { records });
  }
  return from + count;
}

/** The values of the output, of all partitions. */
async function outputOf(url: string, isolation: string): Promise<string[]> {
  const values: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let offset = 0, isMore = true; isMore; ) {
      const path = `/v1/topics/${TOPICS.output}/partitions/${partition}/records?offset=${offset}&isolation=${isolation}`;
      const answer = await fetch(url + path);
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
      const page = (await answer.json()) as { readonly records: readonly { readonly value: string }[]; readonly nextOffset: number };
      values.push(...page.records.map(({ value }) => value));
      isMore = page.nextOffset > offset;
      offset = page.nextOffset;
    }
  }
  return values;
}

/** @throws where the output is not each number below `count`, once */
export function compare(output: readonly string[], count: number): void {
  const seen = new Map<string, number>();
  for (const value of output) seen.set(value, (seen.get(value) ?? 0) + 1);
  const doubled = [...seen].filter(([, times]) => times > 1).map(([value]) => value);
  const lost = Array.from({ length: count }, (_, number) => String(number)).filter((value) => !seen.has(value));
  const strange = [...seen.keys()].filter((value) => !(Number(value) < count));
  if (doubled.length + lost.length + strange.length === 0) return;
  throw new Error(`doubled: ${doubled.join() || "none"}; lost: ${lost.join() || "none"}; never sent: ${strange.join() || "none"}`);
}

async function postJson(url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
}

export function describeFigures({ brokerKills, clientKills, inputRecords, writtenRecords, seconds }: ExactlyOnceFigures): string {
  return (
    `${brokerKills} kills of the broker and ${clientKills} of the client in ${seconds.toFixed(1)} s: ${inputRecords} records transformed once ` +
    `each, ${writtenRecords - inputRecords} more written and aborted`
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      way: { type: "string", default: "old" },
      rounds: { type: "string", default: "20" },
      records: { type: "string", default: "400" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const [rounds, records, seed] = [Number(values.rounds), Number(values.records), Number(values.seed)];
  const way = values.way;
  if (way !== "old" && way !== "new") throw new Error(`--way is old or new, not ${way}`);
  console.log(`seed ${seed}`);
  console.log(describeFigures(await exactlyOnce({ rounds, records, seed, way })));
}
