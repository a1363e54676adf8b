// Large groups: 1,000 members on a topic of 1,000 partitions, by the classic protocol and by the consumer protocol (KIP-848). The
// coordinator runs as it does in its object, over stores in memory: what is measured is its own time, in which the object serves nobody
// else. Printed are the one rebalance that brings all members to their partitions, the longest single call in it, and what a heartbeat costs
// in groups of different sizes once they are stable.
//
//   node bench/groups.bench.ts [--smoke]

import type { JoinedGroup } from "../src/coordinator/classic-messages.ts";
import { type ConsumerHeartbeatResult, JOIN_EPOCH } from "../src/coordinator/consumer-messages.ts";
import { aTopic, ConsumerBench, classicJoin, idleHeartbeat, joinHeartbeat } from "../test/support/consumer-group.ts";

const smoke = process.argv.includes("--smoke");
const SIZES = smoke ? [5, 10] : [10, 100, 1_000];
const HEARTBEATS = smoke ? 10 : 20_000;

/** The time of calls, and of the longest. */
class Stopwatch {
  totalMs = 0;
  longestMs = 0;
  calls = 0;

  async time<T>(call: () => Promise<T> | T): Promise<T> {
    const start = performance.now();
    const result = await call();
    const ms = performance.now() - start;
    this.totalMs += ms;
    this.longestMs = Math.max(this.longestMs, ms);
    this.calls += 1;
    return result;
  }

  toString(): string {
    return `${this.totalMs.toFixed(0)} ms in ${this.calls} calls, the longest ${this.longestMs.toFixed(1)} ms`;
  }
}

function startBench(size: number): ConsumerBench {
  const configs = { "group.initial.rebalance.delay.ms": "1000", "group.max.size": "10000", "group.consumer.max.size": "10000" };
  return new ConsumerBench(configs, aTopic("t", size));
}

async function consumerGroup(size: number): Promise<string> {
  const bench = startBench(size);
  const watch = new Stopwatch();
  const members: ConsumerHeartbeatResult[] = [];
  for (let index = 0; index < size; index++) {
    const request = joinHeartbeat({ memberId: `member-${index}`, subscribedTopicNames: ["t"] });
    members.push((await watch.time(() => bench.heartbeat(request))) as ConsumerHeartbeatResult);
  }
  const joined = watch.toString();
  let rounds = 0;
  for (; bench.group.listing()?.state !== "Stable"; rounds++) await beatAll(bench, watch, members);
  const writes = bench.writes;
  const cost = await heartbeatCost((index) => {
    const { memberId, memberEpoch } = members[index % size]!;
    return bench.heartbeat(idleHeartbeat(memberId, memberEpoch));
  });
  if (bench.writes !== writes) throw new Error("a heartbeat of a stable group has written something");
  return `joins ${joined}; all settled after ${rounds} rounds of heartbeats, ${watch}; then ${cost}`;
}

/** Every member does as it was told last, and asks again. */
async function beatAll(bench: ConsumerBench, watch: Stopwatch, members: ConsumerHeartbeatResult[]): Promise<void> {
  for (const [index, member] of members.entries()) {
    const { memberId, memberEpoch, assignment } = member;
    const request = idleHeartbeat(memberId, memberEpoch, { topicPartitions: assignment ?? [] });
    const answer = (await watch.time(() => bench.heartbeat(request))) as ConsumerHeartbeatResult;
    if (answer.memberEpoch <= JOIN_EPOCH) throw new Error(`a member was lost: ${JSON.stringify(answer)}`);
    members[index] = { ...answer, assignment: answer.assignment ?? assignment };
  }
}

async function classicGroup(size: number): Promise<string> {
  const bench = startBench(size);
  const watch = new Stopwatch();
  const joining = Array.from({ length: size }, () => watch.time(() => bench.group.join(classicJoin(["t"]))));
  while (bench.group.parkedCount < size) await bench.advance(0);
  const start = performance.now();
  while (bench.group.parkedCount > 0) await bench.advance(1_000);
  const joined = (await Promise.all(joining)) as JoinedGroup[];
  const leader = joined.find(({ memberId, leaderId }) => memberId === leaderId)!;
  const assignments = leader.members.map(({ memberId }) => ({ memberId, assignment: new ArrayBuffer(16) }));
  const request = { groupId: "g", groupInstanceId: null, protocolType: null, protocolName: null };
  await Promise.all(
    joined.map(({ memberId, generationId }) =>
      bench.group.sync({ ...request, memberId, generationId, assignments: memberId === leader.memberId ? assignments : [] }),
    ),
  );
  const rebalanceMs = performance.now() - start;
  const cost = await heartbeatCost((index) => {
    const { memberId, generationId } = joined[index % size]!;
    return bench.group.heartbeat({ groupId: "g", memberId, groupInstanceId: null, generationId });
  });
  return `one rebalance, from the end of the wait for joins to the last assignment: ${rebalanceMs.toFixed(0)} ms; then ${cost}`;
}

async function heartbeatCost(beat: (index: number) => Promise<unknown>): Promise<string> {
  const start = performance.now();
  for (let index = 0; index < HEARTBEATS; index++) await beat(index);
  return `${(((performance.now() - start) / HEARTBEATS) * 1_000).toFixed(1)} us a heartbeat`;
}

for (const size of SIZES) {
  console.log(`${size} members, ${size} partitions`);
  console.log(`  consumer  ${await consumerGroup(size)}`);
  console.log(`  classic   ${await classicGroup(size)}`);
}
