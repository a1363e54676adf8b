// A member of a group by @platformatic/kafka, by Kafka's consumer protocol (KIP-848), driven over stdin and stdout: see
// group-scenarios/process-member.ts.
//
//     group-member.ts SETTINGS

import { createInterface } from "node:readline";
import { Consumer, stringDeserializers } from "@platformatic/kafka";
import type { MemberOptions } from "../group-scenarios/member.ts";

const settings = JSON.parse(process.argv[2]!) as MemberOptions & { readonly address: string };

const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

const consumer = new Consumer({
  ...{ clientId: "platformatic", bootstrapBrokers: [settings.address], groupId: settings.groupId, groupProtocol: "consumer" as const },
  ...(settings.instanceId !== undefined && { groupInstanceId: settings.instanceId }),
  deserializers: stringDeserializers,
});

let last = "";
const assigned = () =>
  (consumer.assignments ?? []).flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)).sort();
consumer.on("consumer:heartbeat:end", () => {
  if (consumer.assignments === null || String(assigned()) === last) return;
  last = String(assigned());
  say({ assigned: assigned() });
});

let acknowledged = Promise.withResolvers<void>();
createInterface({ input: process.stdin }).on("line", async (line) => {
  const command = JSON.parse(line) as Record<string, unknown>;
  if ("ack" in command) acknowledged.resolve();
  if ("leave" in command) {
    await consumer.close(true);
    process.exit();
  }
});

try {
  const topics = settings.topics as string[];
  const stream = await consumer.consume({ topics, mode: "committed", fallbackMode: "earliest", autocommit: false, maxWaitTime: 200 });
  for await (const { topic, partition, offset, value, commit } of stream) {
    if (!assigned().includes(`${topic}/${partition}`)) continue; // given back since it was fetched
    acknowledged = Promise.withResolvers();
    say({ record: { topic, partition, offset: Number(offset), value } });
    await acknowledged.promise;
    await Promise.resolve(commit()).catch(() => undefined); // given back meanwhile: it comes again elsewhere
  }
} catch (error) {
  say({ failed: String(error) });
  process.exit(1);
}
