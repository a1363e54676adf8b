// The object that leads one partition. It opens the log on first use, writes in groups, reads, wakes waiting readers, and maintains the
// log by its alarm.
//
// An object that holds no log asks the cluster whether its topic exists before it makes one, and stores nothing if not: a partition
// of a deleted topic can be asked for ever and stays empty.

import { DurableObject } from "cloudflare:workers";
import type {
  AppendResult,
  ArchivedRead,
  IsolationLevel,
  LogOffsets,
  OffsetQuery,
  OffsetResult,
  PartitionAddress,
  PartitionDescription,
  ProducerDescription,
  ReadFailure,
  ReadRequest,
  ReadResult,
  SegmentDescription,
  SegmentPage,
  TxnMarker,
  WakeRequest,
} from "../broker/ports.ts";
import { hasPartition } from "../broker/topics.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_PENDING_APPEND_BYTES } from "../common/limits/partition-log.ts";
import { MAX_OBJECT_BYTES } from "../common/limits/platform.ts";
import type { Env } from "../env.ts";
import type { AppendItem, VerifiedRun } from "../log/append-plan.ts";
import type { ArchiveStore } from "../log/archive-store.ts";
import { GroupCommit } from "../log/group-commit.ts";
import { DamagedRowError } from "../log/log-reader.ts";
import { type LogState, NOTHING_CLEANED } from "../log/log-store.ts";
import { deleteArchive } from "../log/maintenance.ts";
import { type OnceAppended, OnceIds, type OnceRun } from "../log/once.ts";
import { R2ArchiveStore } from "../storage/r2-archive-store.ts";
import { SqliteLogStore } from "../storage/sqlite-log-store.ts";
import { SqliteOnceStore } from "../storage/sqlite-once-store.ts";
import { handOver, takeLoan } from "./handoff.ts";
import { clusterObject, parsePartitionObjectName } from "./names.ts";
import { OpenPartition } from "./open-partition.ts";
import { wakeSubscription } from "./subscription-stub.ts";
import { Upkeep } from "./upkeep.ts";
import { Wakes } from "./wakes.ts";
import { Watchers } from "./watchers.ts";

export class PartitionObject extends DurableObject<Env> {
  readonly #store: SqliteLogStore;
  readonly #archive: ArchiveStore | null;
  readonly #watchers: Watchers;
  readonly #upkeep: Upkeep;
  readonly #wakes: Wakes;
  readonly #commits: GroupCommit<AppendItem | OnceRun, OnceAppended | Failure>;
  readonly #onceIds: OnceIds;
  #open: OpenPartition | null = null;
  /** Of runs that came and are not written yet. */
  #pendingBytes = 0;
  #isDestroyed = false;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#store = new SqliteLogStore(context.storage);
    this.#archive = env.ARCHIVE ? new R2ArchiveStore(env.ARCHIVE) : null;
    this.#watchers = new Watchers(context);
    this.#upkeep = new Upkeep(context.storage, this.#store, this.#archive);
    this.#wakes = new Wakes({
      storage: context.storage,
      wake: (subscription) => wakeSubscription(env, subscription, context.id.name ?? ""),
      ringIn: (delayMs) => this.#upkeep.ringBy(Date.now() + delayMs),
      waitUntil: (work) => context.waitUntil(work),
    });
    this.#onceIds = new OnceIds(new SqliteOnceStore(context.storage), Date.now);
    this.#commits = new GroupCommit({ write: (items) => this.#write(items), synced: () => context.storage.sync() });
  }

  /**
   * Appends each run whole or not at all; an answer for each, in order.
   * @param sent null where the runs are in the slot (handoff.ts)
   * @returns null where they are not there: nothing was done
   */
  async append(
    address: PartitionAddress,
    sent: readonly (ArrayBuffer | VerifiedRun | OnceRun)[] | null,
    slotName: string,
  ): Promise<readonly (AppendResult | Failure)[] | Failure | null> {
    const runs = takeLoan(sent, slotName);
    if (runs === null) return null;
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    const bytes = runs.reduce((sum, run) => sum + ("bytes" in run ? run.bytes : run).byteLength, 0);
    const refused = this.#refuseForRoom(address, bytes);
    if (refused !== null) return refused;
    this.#pendingBytes += bytes;
    const results = await this.#commits.submit(runs).finally(() => {
      this.#pendingBytes -= bytes;
    });
    const { logStartOffset, leaderEpoch } = open.offsets();
    return results.map((result) => (isFailure(result) ? result : { ...result, logStartOffset, leaderEpoch }));
  }

  /** Markers are few and small: there is room for them, so that an open transaction can end in a partition that takes nothing more. */
  async writeTxnMarkers(address: PartitionAddress, markers: readonly TxnMarker[]): Promise<readonly (null | Failure)[] | Failure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    const results = await this.#commits.submit(markers);
    return results.map((result) => (isFailure(result) ? result : null));
  }

  async describeProducers(address: PartitionAddress): Promise<readonly ProducerDescription[] | Failure> {
    const open = await this.#openLog(address);
    return isFailure(open) ? open : open.log.describeProducers();
  }

  /** @param slotName where the caller takes the bytes from, should it be in this isolate (handoff.ts) */
  async read(request: ReadRequest, slotName: string): Promise<ReadResult | ArchivedRead | ReadFailure> {
    const open = await this.#openLog(request);
    return isFailure(open) ? open : handOver(await open.read(request), slotName);
  }

  async offset(address: PartitionAddress, query: OffsetQuery, isolation: IsolationLevel): Promise<OffsetResult | Failure> {
    const open = await this.#openLog(address);
    return isFailure(open) ? open : open.offset(query, isolation);
  }

  async describe(address: PartitionAddress): Promise<PartitionDescription | Failure> {
    const open = await this.#openLog(address);
    return isFailure(open) ? open : open.describe();
  }

  /**
   * Has a subscription woken once the log goes past an offset (wakes.ts).
   * @returns the high watermark; above the offset, nothing was noted
   */
  async arm(address: PartitionAddress, { subscription, pastOffset, isDurable }: WakeRequest): Promise<number | Failure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    if (open.log.highWatermark <= pastOffset) this.#wakes.add(subscription, pastOffset, isDurable);
    return open.log.highWatermark;
  }

  async segments(address: PartitionAddress, page?: SegmentPage): Promise<readonly SegmentDescription[] | Failure> {
    const open = await this.#openLog(address);
    return isFailure(open) ? open : open.segments(page);
  }

  /** Kafka's DeleteRecords: -1 stands for the high watermark. */
  async truncate(address: PartitionAddress, beforeOffset: number): Promise<LogOffsets | ReadFailure> {
    const open = await this.#openLog(address);
    if (isFailure(open)) return open;
    const { highWatermark } = open.log;
    const offset = beforeOffset === -1 ? highWatermark : beforeOffset;
    if (offset < 0 || offset > highWatermark) {
      const detail = `the offsets of partition ${address.partition} end at ${highWatermark}: the records before ${offset} cannot be deleted`;
      return { ...failure("OFFSET_OUT_OF_RANGE", detail), offsets: open.offsets() };
    }
    open.log.advanceLogStart(offset);
    this.#watchers.tell(open.offsets()); // the last stable offset is not before the start
    this.#upkeep.schedule(Date.now());
    return open.offsets();
  }

  override async alarm(): Promise<void> {
    this.#upkeep.alarmIsGone();
    const known = this.#open ?? this.#openStored();
    if (known === null || isFailure(known)) return;
    const { topicId, partition, topicVersion } = known.log.state;
    // Where the cluster cannot be asked, the configs that are known must do.
    const open = await this.#openLog({ topicId, partition, topicVersion: topicVersion + 1 }).catch(() => known);
    if (isFailure(open)) return;
    this.#wakes.ring(open.log.highWatermark);
    await this.#upkeep.ring(open);
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
    const isolation = query.get("isolation") === "read_committed" ? "read_committed" : "read_uncommitted";
    return this.#watchers.accept(isolation, open.offsets());
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
    await this.#upkeep.stop();
    const { topicId, partition } = parsePartitionObjectName(this.ctx.id.name ?? "");
    if (this.#archive !== null) await deleteArchive(this.#archive, topicId, partition);
    await this.ctx.storage.deleteAll();
  }

  #refuseForRoom(address: PartitionAddress, bytes: number): Failure | null {
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > MAX_PENDING_APPEND_BYTES) {
      const detail = `${this.#pendingBytes} bytes wait to be written to partition ${address.partition}: try again later`;
      return failure("THROTTLING_QUOTA_EXCEEDED", detail);
    }
    const { databaseSize } = this.ctx.storage.sql;
    if (databaseSize + this.#pendingBytes + bytes <= MAX_OBJECT_BYTES) return null;
    const remedy = this.#archive === null ? "bind an archive (ARCHIVE), shorten its retention" : "wait until its segments are archived";
    return failure(
      "KAFKA_STORAGE_ERROR",
      `partition ${address.partition} holds ${databaseSize} bytes, as much as it can: ${remedy}, or delete records`,
    );
  }

  #write(items: readonly (AppendItem | OnceRun)[]): readonly (OnceAppended | Failure)[] {
    const open = this.#open;
    if (open === null) return items.map(() => unknownTopic());
    const before = open.log.highWatermark;
    const results = this.#append(items, open);
    if (open.log.highWatermark > before) {
      this.#watchers.tell(open.offsets());
      this.#wakes.grown(open.log.highWatermark);
      this.#upkeep.schedule(open.log.takeRolled() ? Date.now() : (open.log.rollDueMs(open.config) ?? Number.POSITIVE_INFINITY));
    }
    return results;
  }

  /** What is to be written once passes by the ids; where they fail they may be ahead of the disk, as a log that fails may be. */
  #append(items: readonly (AppendItem | OnceRun)[], { log, config }: OpenPartition): readonly (OnceAppended | Failure)[] {
    try {
      return this.#onceIds.write(items, (fresh) => log.append(fresh, config));
    } catch (error) {
      this.#abandon(error);
      throw error;
    }
  }

  /** What failed to write may be ahead of the disk in memory: start over from the disk. */
  #abandon(error: unknown): void {
    this.ctx.abort(`a write to the log failed: ${error}`);
  }

  /** The log, opened or made, with its topic's configs at least as new as the caller knows them. */
  async #openLog(address: PartitionAddress): Promise<OpenPartition | Failure> {
    const open = this.#open ?? this.#openStored();
    if (open !== null && (isFailure(open) || open.log.state.topicVersion >= address.topicVersion)) return open;
    const topic = await clusterObject(this.env).topicById(address.topicId);
    if (topic === null || this.#isDestroyed || !hasPartition(topic, address.partition)) return unknownTopic();
    if (this.#open === null) {
      const state = { topicId: topic.topicId, partition: address.partition, leaderEpoch: -1, logStartOffset: 0, cleaner: NOTHING_CLEANED };
      this.#store.createTables();
      return this.#openWith({ ...state, topicVersion: topic.version, configs: topic.configs });
    }
    if (this.#open.log.state.topicVersion < topic.version) {
      this.#open.setConfigs(topic.version, topic.configs);
      this.#upkeep.schedule(Date.now());
    }
    return this.#open;
  }

  #openStored(): OpenPartition | Failure | null {
    const state = this.#isDestroyed ? null : this.#store.loadState();
    return state === null ? null : this.#openWith(state);
  }

  #openWith(state: LogState): OpenPartition | Failure {
    try {
      this.#open = new OpenPartition(this.#store, state, this.#archive, (error) => this.#abandon(error));
      this.#upkeep.begin(this.#open);
      return this.#open;
    } catch (error) {
      if (!(error instanceof DamagedRowError)) throw error;
      return failure("KAFKA_STORAGE_ERROR", `partition ${state.partition} cannot be opened: ${error.message}`);
    }
  }
}

function unknownTopic(): Failure {
  return failure("UNKNOWN_TOPIC_ID", "the topic that this partition belongs to does not exist any more");
}
