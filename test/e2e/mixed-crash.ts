// Everything at once while the broker's processes are killed, stopped and frozen: idempotent writers at three doors, transactions, a share
// group, webhooks in and out, a live tail; and in the end an account of all of it.
//
//   node test/e2e/mixed-crash.ts [--rounds 10] [--seed N] [--frozen-ms 3000]
//
// A round ends in one of the ways that FATES lists, in turn, and the broker is started again on the same data. The parts (mixed/) say what
// each of them promises.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, processGone, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { Events } from "./mixed/events.ts";
import { Share } from "./mixed/share.ts";
import { Transactions, TXN_PARTITIONS, TXN_TOPIC } from "./mixed/transactions.ts";
import { type Part, World } from "./mixed/world.ts";
import { LOG_PARTITIONS, LOG_TOPIC, Writers } from "./mixed/writers.ts";

/** A round lasts so long at the least, and as much again at the most. */
const ROUND_MS = 1_500;

export interface MixedOptions {
  readonly rounds: number;
  readonly seed: number;
  /** How long workerd stands still where that is its fate. */
  readonly frozenMs: number;
}

/** What ends a round. */
type Fate = (broker: Broker, options: MixedOptions) => Promise<void>;

const FATES: readonly Fate[] = [
  async function killWorkerd(broker) {
    await broker.kill9();
  },
  async function killStarter(broker) {
    const { pid, workerdPid } = broker;
    process.kill(pid, "SIGKILL");
    await processGone(workerdPid);
  },
  async function stopInOrder(broker) {
    process.kill(broker.pid, "SIGTERM");
    const { code } = await broker.ended();
    if (code !== 0) throw new Error(`a stop in order ended with exit code ${code}`);
  },
  async function freeze({ workerdPid }, { frozenMs }) {
    process.kill(workerdPid, "SIGSTOP");
    await sleep(frozenMs);
    process.kill(workerdPid, "SIGCONT");
  },
  async function killAll(broker) {
    const { pid, workerdPid } = broker;
    process.kill(pid, "SIGKILL");
    process.kill(workerdPid, "SIGKILL");
    await processGone(workerdPid);
  },
];

/** Runs all rounds; rejects at the first broken promise. @returns a line of figures for each part */
export async function crashEverything(options: MixedOptions): Promise<string[]> {
  const { rounds, seed } = options;
  const random = seededRandom(seed);
  const broker = await startBroker({ env: { SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" } });
  const world = new World(broker);
  let events: Events | null = null;
  try {
    await world.ask("POST", "/v1/topics", { name: LOG_TOPIC, partitions: LOG_PARTITIONS });
    await world.ask("POST", "/v1/topics", { name: TXN_TOPIC, partitions: TXN_PARTITIONS });
    events = await Events.prepare(world);
    const share = await Share.prepare(world, random);
    const parts: readonly Part[] = [new Writers(world, random), new Transactions(world, random), share, events];
    const running = Promise.all(parts.map((part) => part.run())).then(() => null);
    for (let round = 0; round < rounds; round++) {
      await Promise.race([sleep(ROUND_MS * (1 + random())), running]);
      const fate = FATES[round % FATES.length]!;
      await fate(broker, options);
      if (fate.name !== "freeze") await broker.restart();
    }
    await Promise.race([sleep(ROUND_MS), running]);
    world.isStopping = true;
    await running;
    const lines = [];
    for (const part of parts) lines.push(`${part.name}: ${await part.check()}`);
    return [...lines, `${rounds} rounds, ${world.lostAnswers} requests without an answer`];
  } catch (error) {
    console.error(broker.output().slice(-4_000));
    throw error;
  } finally {
    world.isStopping = true;
    world.isAbandoned = true;
    await events?.close();
    await broker.stop();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      "frozen-ms": { type: "string", default: "3000" },
    },
  });
  const options = { rounds: Number(values.rounds), seed: Number(values.seed), frozenMs: Number(values["frozen-ms"]) };
  console.log(`seed ${options.seed}`);
  for (const line of await crashEverything(options)) console.log(line);
}
