// A member by kafkajs, by Kafka's classic protocol over TCP. Its sockets can be cut, as those of a process that is killed.

import { connect, type Socket } from "node:net";
import type { Assigner, Cluster, PartitionAssigner } from "kafkajs";
import type { Broker } from "../../support/broker.ts";
import { kafkajs } from "../../support/kafkajs.ts";
import { type Member, type MemberOptions, placeName } from "./member.ts";

const RETRY = { initialRetryTime: 50, maxRetryTime: 300, retries: 30 };
/** Records of a partition that it fetches at a time: it handles what it fetched before it looks at the group again. */
const MAX_BYTES_PER_PARTITION = 4_096;

export async function startKafkajsMember(broker: Broker, options: MemberOptions): Promise<Member> {
  const { groupId, topics, sessionTimeoutMs, handle } = options;
  const line = new Line();
  const client = new kafkajs.Kafka({
    ...{ clientId: "kafkajs", brokers: [broker.kafkaAddress], logLevel: kafkajs.logLevel.NOTHING, retry: RETRY },
    socketFactory: ({ host, port, onConnect }) => line.open(host, port, onConnect),
  });
  const consumer = client.consumer({
    ...{ groupId, sessionTimeout: sessionTimeoutMs, heartbeatInterval: 200, maxWaitTimeInMs: 200 },
    ...{ maxBytesPerPartition: MAX_BYTES_PER_PARTITION, partitionAssigners: [kafkaNamed] },
  });
  let assigned: string[] | null = null;
  let timesAssigned = 0;
  let failure: string | null = null;
  consumer.on("consumer.group_join", ({ payload: { memberAssignment } }) => {
    timesAssigned += 1;
    const places = Object.entries(memberAssignment).flatMap(([topic, numbers]) => numbers.map((partition) => ({ topic, partition })));
    assigned = places.map(placeName).sort();
  });
  consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
    if (!restart && !line.isCut) failure = String(error);
  });
  await consumer.connect();
  await consumer.subscribe({ topics: "pattern" in topics ? [new RegExp(`^(?:${topics.pattern})$`)] : [...topics], fromBeginning: true });
  void consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      if (!line.isCut) await handle({ topic, partition, offset: Number(message.offset), value: String(message.value) });
    },
  });
  return {
    assigned: () => assigned,
    get timesAssigned() {
      return timesAssigned;
    },
    get failure() {
      return failure;
    },
    seek: async ({ topic, partition }, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    pause: async (places) => consumer.pause(places.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    resume: async (places) => consumer.resume(places.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    leave: () => consumer.disconnect(),
    async crash() {
      line.cut();
      void consumer.disconnect().catch(() => undefined); // it stops trying; it reaches nobody
    },
  };
}

/** The way to the broker. */
class Line {
  readonly #sockets = new Set<Socket>();
  isCut = false;

  open(host: string, port: number, onConnect: () => void): Socket {
    if (this.isCut) throw new Error("the line is cut");
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    return socket;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** kafkajs' own assignor, under the name that other clients have for theirs: a group's members need one in common. */
const kafkaNamed: PartitionAssigner = (config: { cluster: Cluster; groupId: string; logger: unknown }): Assigner => ({
  ...kafkajs.PartitionAssigners.roundRobin(config as Parameters<PartitionAssigner>[0]),
  name: "roundrobin",
});
