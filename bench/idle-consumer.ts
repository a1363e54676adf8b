// What a consumer of many idle partitions costs the broker, with a fetch session and without: `node bench/idle-consumer.ts [partitions]`.
// Prints the bytes of a fetch and its answer, and the broker's CPU time for each; every fetch waits 500 ms for records that do not come.

import { readFileSync } from "node:fs";
import { API } from "../src/protocol/api-keys.ts";
import { startBroker } from "../test/support/broker.ts";
import { openResponse, requestFrame } from "../test/support/kafka-frames.ts";
import { connectKafka } from "../test/support/kafka-socket.ts";
import { createTopic } from "../test/support/raw-batches.ts";

const FETCHES = 10;
const MAX_WAIT_MS = 500;
/** Of the times in /proc (USER_HZ). */
const TICK_MS = 10;

const partitionCount = Number(process.argv[2] ?? 1000);
const broker = await startBroker();
try {
  await createTopic(broker.url, "idle", partitionCount);
  for (const hasSession of [false, true]) await measure(hasSession);
} finally {
  await broker.stop();
}

async function measure(hasSession: boolean): Promise<void> {
  const client = await connectKafka(broker.kafkaAddress);
  const fetchOnce = async (sessionId: number, sessionEpoch: number, isNamed: boolean) => {
    const frame = requestFrame(API.fetch, 12, fetchRequest(sessionId, sessionEpoch, isNamed) as never);
    client.send(frame);
    const answer = await client.next();
    return { sessionId: openResponse(API.fetch, 12, answer).response.sessionId, bytesOut: frame.length, bytesIn: answer.length };
  };
  const { sessionId } = await fetchOnce(0, hasSession ? 0 : -1, true); // starts the partitions, and opens the watches
  const before = cpuMs();
  let last = { bytesOut: 0, bytesIn: 0 };
  for (let epoch = 1; epoch <= FETCHES; epoch++) last = await fetchOnce(sessionId, hasSession ? epoch : -1, !hasSession);
  const cpu = (cpuMs() - before) / FETCHES;
  const name = hasSession ? "with a session" : "without";
  console.log(`${partitionCount} idle partitions ${name}: ${last.bytesOut} bytes out, ${last.bytesIn} in, ${cpu} ms of CPU a fetch`);
  client.socket.destroy();
}

function fetchRequest(sessionId: number, sessionEpoch: number, isNamed: boolean) {
  const partitions = Array.from({ length: isNamed ? partitionCount : 0 }, (_, partition) => ({
    ...{ partition, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1, logStartOffset: -1 },
    partitionMaxBytes: 1 << 20,
  }));
  const limits = { replicaId: -1, maxWaitMs: MAX_WAIT_MS, minBytes: 1, maxBytes: 1 << 24, isolationLevel: 0 };
  return {
    ...limits,
    sessionId,
    sessionEpoch,
    topics: isNamed ? [{ topic: "idle", partitions }] : [],
    forgottenTopicsData: [],
    rackId: "",
  };
}

/** Of the runtime, user and system, since its start. */
function cpuMs(): number {
  const afterName = readFileSync(`/proc/${broker.workerdPid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(afterName[11]) + Number(afterName[12])) * TICK_MS;
}
