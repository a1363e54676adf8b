// A member of a group by @platformatic/kafka, by Kafka's consumer protocol (KIP-848), driven over stdin and stdout: see
// group-scenarios/process-member.ts.
//
//     group-member.ts SETTINGS

import { createInterface } from "node:readline";
import { Consumer, type Message, stringDeserializers } from "@platformatic/kafka";
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
/** Of the record that is handled: until it is committed. */
let work = Promise.resolve();
const commands = createInterface({ input: process.stdin });
commands.on("close", () => process.exit(1)); // whoever drives it is gone
commands.on("line", async (line) => {
  const command = JSON.parse(line) as Record<string, unknown>;
  if ("ack" in command) acknowledged.resolve();
  if ("leave" in command) {
    await work;
    await consumer.close(true);
    process.exit();
  }
});

type Handled = Pick<Message<string, string, string, string>, "topic" | "partition" | "offset" | "value" | "commit">;

async function handle({ topic, partition, offset, value, commit }: Handled): Promise<void> {
  acknowledged = Promise.withResolvers();
  say({ record: { topic, partition, offset: Number(offset), value } });
  await acknowledged.promise;
  await Promise.resolve(commit()).catch(() => undefined); // given back meanwhile: it comes again elsewhere
}

try {
  const topics = settings.topics as string[];
  const stream = await consumer.consume({ topics, mode: "committed", fallbackMode: "earliest", autocommit: false, maxWaitTime: 200 });
  for await (const message of stream) {
    if (!assigned().includes(`${message.topic}/${message.partition}`)) continue; // given back since it was fetched
    work = handle(message);
    await work;
  }
} catch (error) {
  say({ failed: String(error) });
  process.exit(1);
}
