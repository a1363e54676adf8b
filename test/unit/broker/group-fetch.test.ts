// Fetches of a member without a connection, over a group that says what the test wants and partitions in memory.

import { expect, test } from "vitest";
import { groupFetch } from "../../../src/broker/group-fetch.ts";
import type { GroupFetchRequest, GroupFetchResult } from "../../../src/broker/messages/group-fetch.ts";
import type { MemberPoll, MemberPolled, PartitionPort, Ports, TopicMetadata } from "../../../src/broker/ports.ts";
import { type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { MemoryPartition } from "../../support/memory-partition.ts";
import { encodePlainBatch } from "../../support/plain-batches.ts";

const BATCH = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new TextEncoder().encode("v"), headers: [] }]);
const TOPIC: TopicMetadata = { name: "t", topicId: "id", partitionCount: 2, configs: {}, version: 1, createdAtMs: 0 };
const HEARTBEAT_MS = 5_000;
const SESSION_MS = 45_000;

class Bench {
  nowMs = 0;
  /** How long a read takes. */
  readMs = 0;
  /** What the group answers, the last again and again. */
  polled: (Partial<MemberPolled> | Failure)[] = [{}];
  readonly polls: MemberPoll[] = [];
  readonly logs = [new MemoryPartition(), new MemoryPartition()];
  /** Called when a wait for records begins; the time is up afterwards. */
  onWait: () => void = () => undefined;

  async fetch(changes: Partial<GroupFetchRequest> = {}): Promise<GroupFetchResult> {
    const request: GroupFetchRequest = {
      ...{ groupId: "g", topics: { names: ["t"] }, clientId: "c", commit: [], autoOffsetReset: "earliest", maxWaitMs: 0 },
      ...{ isolation: "read_committed", ...changes },
    };
    const topics = { topic: async (name: string) => (name === "t" ? TOPIC : null), invalidate: () => undefined };
    const fetched = await groupFetch({ ports: this.#ports(), topics, now: () => this.nowMs, random: () => 0 }, request);
    if (isFailure(fetched)) throw new Error(fetched.error);
    return fetched;
  }

  #ports(): Ports {
    const poll = async (request: MemberPoll) => {
      this.polls.push(request);
      const next = this.polled.length > 1 ? this.polled.shift()! : this.polled[0]!;
      const assignment = [{ topic: "t", topicId: "id", partitions: [0, 1] }];
      const commits = request.commit.map(() => null);
      const member = {
        memberId: "m",
        memberEpoch: 1,
        heartbeatIntervalMs: HEARTBEAT_MS,
        sessionTimeoutMs: SESSION_MS,
        isWaiting: false,
        assignment,
        kept: assignment,
        offsets: [],
        commits,
      };
      return isFailure(next) ? next : { ...member, ...next };
    };
    const partition = (_: string, index: number) => this.#partition(this.logs[index]!);
    return { group: () => ({ poll }), partition, archive: null } as unknown as Ports;
  }

  #partition(log: MemoryPartition): PartitionPort {
    const watch = { isOpen: true, close: () => undefined, past: async (offset: number, ms: number) => this.#wait(log, offset, ms) };
    const read = async ({ start, maxBytes }: Parameters<PartitionPort["read"]>[0]) => {
      this.nowMs += this.readMs;
      return log.read(start, maxBytes);
    };
    return { read, watch: async () => watch } as unknown as PartitionPort;
  }

  async #wait(log: MemoryPartition, offset: number, ms: number): Promise<boolean> {
    if (log.highWatermark > offset) return true;
    if (ms > 0) {
      this.nowMs += HEARTBEAT_MS;
      this.onWait();
    }
    return false;
  }
}

const committed = (partition: number, offset: number) => ({
  ...{ topicId: "id", topic: "t", partition, offset, leaderEpoch: -1, metadata: "", committedAtMs: 0 },
});

const starts = ({ partitions }: GroupFetchResult) =>
  partitions.map(({ partition, result }) => [partition, isFailure(result) ? result.error : result.startOffset]);

test("each partition is read on from what is committed, or where the member says", async () => {
  const bench = new Bench();
  for (const log of bench.logs) for (let count = 0; count < 3; count++) log.append(BATCH);
  bench.polled = [{ offsets: [committed(1, 2)] }];
  expect(starts(await bench.fetch())).toEqual([
    [0, 0],
    [1, 2],
  ]);
  expect(starts(await bench.fetch({ autoOffsetReset: "latest" }))).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect(new Map(starts(await bench.fetch({ autoOffsetReset: "none" })) as [number, unknown][])).toEqual(
    new Map<number, unknown>([
      [0, "OFFSET_OUT_OF_RANGE"],
      [1, 2],
    ]),
  );
});

test("a committed offset that is gone from the log is as none", async () => {
  const bench = new Bench();
  for (const log of bench.logs) log.append(BATCH);
  bench.polled = [{ offsets: [committed(0, 7)] }];
  expect(new Map(starts(await bench.fetch()) as [number, unknown][])).toEqual(
    new Map([
      [0, 0],
      [1, 0],
    ]),
  );
});

test("what took so long to read that it may be another's is asked for again, and left out if it is", async () => {
  const bench = new Bench();
  for (const log of bench.logs) log.append(BATCH);
  bench.readMs = HEARTBEAT_MS;
  bench.polled = [{}, { memberEpoch: 2, assignment: [{ topic: "t", topicId: "id", partitions: [1] }] }];
  const fetched = await bench.fetch();
  expect(fetched).toMatchObject({ memberEpoch: 2, assignment: [{ partitions: [1] }] });
  expect(fetched.partitions.map(({ partition }) => partition)).toEqual([1]);
});

test("a member that is lost meanwhile is given nothing", async () => {
  const bench = new Bench();
  for (const log of bench.logs) log.append(BATCH);
  bench.readMs = HEARTBEAT_MS;
  bench.polled = [{}, failure("COORDINATOR_NOT_AVAILABLE", "gone")];
  expect((await bench.fetch()).partitions).toEqual([]);
});

test("latest is the same place for as long as a call waits: what comes between two looks is not passed over", async () => {
  const bench = new Bench();
  bench.logs[0]!.append(BATCH);
  let waits = 0;
  bench.onWait = () => {
    waits += 1;
    if (waits === 2) bench.logs[0]!.append(BATCH);
  };
  const fetched = await bench.fetch({ autoOffsetReset: "latest", maxWaitMs: 10 * HEARTBEAT_MS });
  expect(bench.polls).toHaveLength(2);
  expect(starts(fetched)).toContainEqual([0, 1]);
  expect(fetched.partitions.some(({ result }) => !isFailure(result) && result.batches.byteLength > 0)).toBe(true);
});

test("commits are made once, by the first call to the group, and each has its result", async () => {
  const bench = new Bench();
  const commit = [
    { topic: "t", partition: 0, offset: 1 },
    { topic: "none", partition: 0, offset: 1 },
  ];
  const fetched = await bench.fetch({ memberId: "m", memberEpoch: 1, commit });
  expect(bench.polls.map((poll) => poll.commit.length)).toEqual([1]);
  expect(fetched.commits).toMatchObject([{ partition: 0 }, { failure: { error: "UNKNOWN_TOPIC_OR_PARTITION" } }]);
  expect(fetched.commits[0]).not.toHaveProperty("failure");
});

test("a member reads on from its own positions where it has kept the partition, and nothing of what it has paused", async () => {
  const bench = new Bench();
  for (const log of bench.logs) for (let count = 0; count < 3; count++) log.append(BATCH);
  bench.polled = [{ offsets: [committed(0, 1), committed(1, 1)], kept: [{ topic: "t", partitions: [0] }] }];
  const positions = [0, 1].map((partition) => ({ topic: "t", partition, offset: 2 }));
  expect(starts(await bench.fetch({ positions }))).toEqual([
    [0, 2],
    [1, 1],
  ]);
  expect(starts(await bench.fetch({ positions, paused: [{ topic: "t", partitions: [1] }] }))).toEqual([[0, 2]]);
});

test("each look at the group of a call that waits is in the epoch of the request, and lets nobody in again", async () => {
  const bench = new Bench();
  bench.polled = [{ memberEpoch: 7 }];
  await bench.fetch({ memberId: "m", memberEpoch: 5, maxWaitMs: 10 * HEARTBEAT_MS });
  expect(bench.polls.slice(0, 2).map(({ memberEpoch, isWaitingCall }) => [memberEpoch, isWaitingCall])).toEqual([
    [5, undefined],
    [5, true],
  ]);
});

test("a member that left while it waited has nothing any more", async () => {
  const bench = new Bench();
  bench.polled = [{}, failure("UNKNOWN_MEMBER_ID", "left")];
  expect(await bench.fetch({ maxWaitMs: 10 * HEARTBEAT_MS })).toMatchObject({ assignment: [], partitions: [] });
});

test("a member that is to give back what it is processing is told at once", async () => {
  const bench = new Bench();
  bench.polled = [{}, { assignment: [{ topic: "t", topicId: "id", partitions: [1] }] }];
  const owned = [{ topic: "t", partitions: [0] }];
  const fetched = await bench.fetch({ memberId: "m", memberEpoch: 1, owned, maxWaitMs: 100 * HEARTBEAT_MS });
  expect(fetched.assignment).toEqual([{ topic: "t", partitions: [1] }]);
  expect(bench.polls.map((poll) => poll.owned)).toEqual([owned, owned]);
});

test("a heartbeat reads nothing", async () => {
  const bench = new Bench();
  for (const log of bench.logs) log.append(BATCH);
  expect(await bench.fetch({ isHeartbeat: true, maxWaitMs: HEARTBEAT_MS })).toMatchObject({ memberEpoch: 1, partitions: [] });
});

test("a call ends in time for its member to be heard again within its session", async () => {
  const bench = new Bench();
  await bench.fetch({ maxWaitMs: 10 * SESSION_MS });
  expect(bench.nowMs).toBeLessThan(SESSION_MS);
  expect(bench.nowMs).toBeGreaterThanOrEqual(SESSION_MS / 2);
});
