// Reads of what was just appended, which the partition has in memory (src/log/newest-rows.ts), against reads of what lies right before it
// in the same segment, by queries of the same rows: one batch, and all that is kept. Beside the time, the server's own (user and system
// time of its process, from /proc), which does not count the client's. Linux only.
//
//   npm run bench -- tail        (docs: bench/README.md)

import { startBroker } from "../test/support/broker.ts";
import { load } from "./support/http-load.ts";
import { medianLatency } from "./support/latency.ts";
import { cpuMs } from "./support/process-time.ts";
import { median, printTurns, sized, takeTurns } from "./support/rounds.ts";
import { appendRequest, createTopic, fetchRequest, randomBatch } from "./support/setting.ts";

const FETCHES_PER_TURN = sized(200, 3);
const TURNS = sized(9, 1);

/** Of batches that are kept in memory, and as many before them that are not. */
interface Shape {
  readonly title: string;
  readonly recordCount: number;
  readonly batchesPerFetch: number;
}

const SHAPES: readonly Shape[] = [
  { title: "the last batch, of one record", recordCount: 1, batchesPerFetch: 1 },
  { title: "the last 100 batches of one record", recordCount: 1, batchesPerFetch: 100 },
  { title: "the last batch, of 100 KB", recordCount: 100, batchesPerFetch: 1 },
  { title: "the last 10 batches of 100 KB", recordCount: 100, batchesPerFetch: 10 },
];

/** Bytes that are appended: all that is kept, and as much again before it. */
const STORED_BYTES = sized(3 * 2 ** 20, 2 ** 17);

const broker = await startBroker();
try {
  for (const [index, { title, recordCount, batchesPerFetch }] of SHAPES.entries()) {
    const topic = `tail-${index}`;
    await createTopic(broker.url, topic);
    const batch = randomBatch(recordCount, 1000);
    const count = Math.max(Math.ceil(STORED_BYTES / batch.length), batchesPerFetch);
    await load({ port: broker.port, inFlight: 1, count, request: () => appendRequest(topic, batch) });
    const serverMs: Record<string, number[]> = { queried: [], "in memory": [] };
    const turn = async (name: string, batchesFromEnd: number) => {
      const request = fetchRequest(topic, (count - batchesFromEnd) * recordCount, batchesPerFetch * batch.length);
      const before = cpuMs(broker.workerdPid);
      const latency = await medianLatency(
        broker.port,
        Array.from({ length: FETCHES_PER_TURN }, () => request),
      );
      serverMs[name]!.push((cpuMs(broker.workerdPid) - before) / FETCHES_PER_TURN);
      return latency;
    };
    const contenders = {
      queried: () => turn("queried", count),
      "in memory": () => turn("in memory", batchesPerFetch),
    };
    printTurns(title, "ms", await takeTurns(contenders, TURNS), "queried");
    const [queried, inMemory] = [median(serverMs.queried!), median(serverMs["in memory"]!)];
    console.log(`  the server's own time: ${queried.toFixed(3)} ms queried, ${inMemory.toFixed(3)} ms in memory`);
  }
} finally {
  await broker.stop();
}
