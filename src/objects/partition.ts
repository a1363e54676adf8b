// The object that leads one partition. It opens the log on first use, writes in groups, reads, and wakes waiting readers.
//
// An object that holds no log asks the cluster whether its topic exists before it makes one, and stores nothing if not: a partition
// of a deleted topic can be asked for ever and stays empty.

import { DurableObject } from "cloudflare:workers";
import type {
  AppendResult,
  FetchStart,
  LogOffsets,
  OffsetQuery,
  OffsetResult,
  PartitionAddress,
  PartitionDescription,
  ReadFailure,
  ReadRequest,
  ReadResult,
} from "../broker/ports.ts";
import { parseTopicConfigs } from "../common/configs.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_FETCH_BYTES, MAX_PENDING_APPEND_BYTES } from "../common/limits.ts";
import type { Env } from "../env.ts";
import type { AppendRules } from "../log/append-rules.ts";
import { GroupCommit } from "../log/group-commit.ts";
import { type AppendedRun, PartitionLog } from "../log/partition-log.ts";
import { SqliteLogStore } from "../storage/sqlite-log-store.ts";
import { recordTools } from "./core.ts";
import { CLUSTER_OBJECT_NAME } from "./names.ts";
import { Watchers } from "./watchers.ts";

interface OpenLog {
  readonly log: PartitionLog;
  rules: AppendRules;
}

export class PartitionObject extends DurableObject<Env> {
  readonly #store: SqliteLogStore;
  readonly #watchers: Watchers;
  readonly #commits: GroupCommit<ArrayBuffer, AppendedRun | Failure>;
  #open: OpenLog | null = null;
  /** Of runs that came and are not written yet. */
  #pendingBytes = 0;
  #isDestroyed = false;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#store = new SqliteLogStore(context.storage);
    this.#watchers = new Watchers(context);
    this.#commits = new GroupCommit({ write: (runs) => this.#write(runs), synced: () => context.storage.sync() });
  }

  /** Appends each run whole or not at all; an answer for each, in order. */
  async append(address: PartitionAddress, runs: readonly ArrayBuffer[]): Promise<readonly (AppendResult | Failure)[] | Failure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    const bytes = runs.reduce((sum, run) => sum + run.byteLength, 0);
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > MAX_PENDING_APPEND_BYTES) {
      return failure(
        "THROTTLING_QUOTA_EXCEEDED",
        `${this.#pendingBytes} bytes wait to be written to partition ${address.partition}: try again later`,
      );
    }
    this.#pendingBytes += bytes;
    const results = await Promise.all(runs.map((run) => this.#commits.submit(run))).finally(() => {
      this.#pendingBytes -= bytes;
    });
    const { logStartOffset, leaderEpoch } = offsetsOf(open.log);
    return results.map((result) => (isFailure(result) ? result : { ...result, logStartOffset, leaderEpoch }));
  }

  async read(request: ReadRequest): Promise<ReadResult | ReadFailure> {
    const open = await this.#openLog(request);
    if (isFailure(open)) return open;
    const { log } = open;
    const offsets = offsetsOf(log);
    const startOffset = resolveStart(log, request.start);
    if (startOffset < offsets.logStartOffset || startOffset > offsets.highWatermark) {
      const detail = `offset ${startOffset} is outside the range ${offsets.logStartOffset} to ${offsets.highWatermark} of partition ${request.partition}`;
      return { ...failure("OFFSET_OUT_OF_RANGE", detail), offsets };
    }
    const limits = { maxBytes: Math.min(request.maxBytes, MAX_FETCH_BYTES), maxRecords: request.maxRecords ?? Number.POSITIVE_INFINITY };
    return { ...offsets, startOffset, ...log.read(startOffset, limits) };
  }

  async offset(address: PartitionAddress, query: OffsetQuery): Promise<OffsetResult | Failure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    const { log } = open;
    const offsets = offsetsOf(log);
    if (query === "earliest") return { ...offsets, offset: offsets.logStartOffset, timestamp: -1 };
    if (query === "latest") return { ...offsets, offset: offsets.highWatermark, timestamp: -1 };
    const found = query === "maxTimestamp" ? log.findMaxTimestamp() : log.findByTimestamp(query.timestamp);
    return { ...offsets, offset: found?.offset ?? -1, timestamp: found?.timestamp ?? -1 };
  }

  async describe(address: PartitionAddress): Promise<PartitionDescription | Failure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    return { ...offsetsOf(open.log), partition: address.partition, sizeBytes: open.log.sizeBytes };
  }

  /** Accepts a watcher's socket (watchers.ts). The address is in the query. */
  override async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const address = {
      topicId: query.get("topicId") ?? "",
      partition: Number(query.get("partition")),
      topicVersion: Number(query.get("topicVersion")),
    };
    const open = await this.#openLog(address);
    if (isFailure(open)) return Response.json(open, { status: 404 });
    return this.#watchers.accept(open.log.highWatermark);
  }

  /** A watcher says nothing that matters. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  /** Forgets everything, for good: its topic is deleted. A repeat changes nothing. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    this.#open = null;
    this.#watchers.closeAll();
    await this.ctx.storage.deleteAll();
  }

  #write(runs: readonly ArrayBuffer[]): readonly (AppendedRun | Failure)[] {
    if (this.#open === null) return runs.map(() => unknownTopic());
    const { log, rules } = this.#open;
    const before = log.highWatermark;
    let results: readonly (AppendedRun | Failure)[];
    try {
      results = log.append(runs, rules);
    } catch (error) {
      // The log in memory is ahead of the one on disk: start over from the disk.
      this.ctx.abort(`the append failed: ${error}`);
      throw error;
    }
    if (log.highWatermark > before) this.#watchers.tell(log.highWatermark);
    return results;
  }

  /** The log, opened or made, with its topic's configs at least as new as the caller knows them. */
  async #openLog(address: PartitionAddress): Promise<OpenLog | Failure> {
    const open = this.#open ?? this.#openStored();
    if (open !== null && open.log.state.topicVersion >= address.topicVersion) return open;
    const topic = await this.env.CLUSTER.getByName(CLUSTER_OBJECT_NAME).topicById(address.topicId);
    if (topic === null || this.#isDestroyed || address.partition >= topic.partitionCount) return unknownTopic();
    const rules = appendRules(topic.configs);
    if (this.#open === null) {
      const state = { topicId: topic.topicId, partition: address.partition, leaderEpoch: -1, logStartOffset: 0 };
      this.#store.createTables();
      const log = new PartitionLog(this.#store, { ...state, topicVersion: topic.version, configs: topic.configs }, recordTools, Date.now);
      this.#open = { log, rules };
    } else if (this.#open.log.state.topicVersion < topic.version) {
      this.#open.log.setConfigs(topic.version, topic.configs);
      this.#open.rules = rules;
    }
    return this.#open;
  }

  #openStored(): OpenLog | null {
    const state = this.#isDestroyed ? null : this.#store.loadState();
    if (state === null) return null;
    this.#open = { log: new PartitionLog(this.#store, state, recordTools, Date.now), rules: appendRules(state.configs) };
    return this.#open;
  }
}

function unknownTopic(): Failure {
  return failure("UNKNOWN_TOPIC_ID", "the topic that this partition belongs to does not exist any more");
}

function appendRules(configs: Readonly<Record<string, string>>): AppendRules {
  const config = parseTopicConfigs(configs);
  if (isFailure(config)) throw new Error(`the stored configs of the topic are not valid: ${config.detail}`);
  return {
    maxMessageBytes: config.maxMessageBytes,
    isLogAppendTime: config.messageTimestampType === "LogAppendTime",
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
  };
}

/** Until transactions are there, everything durable is decided: the last stable offset is the high watermark. */
function offsetsOf(log: PartitionLog): LogOffsets {
  const { highWatermark, logStartOffset } = log;
  return { logStartOffset, highWatermark, lastStableOffset: highWatermark, leaderEpoch: log.state.leaderEpoch };
}

function resolveStart(log: PartitionLog, start: FetchStart): number {
  if (typeof start === "number") return start;
  if (start === "earliest") return log.logStartOffset;
  if (start === "latest") return log.highWatermark;
  if ("last" in start) return Math.max(log.logStartOffset, log.highWatermark - start.last);
  return log.findByTimestamp(start.timestamp)?.offset ?? log.highWatermark;
}
