// Sends what the accumulator holds: the part of org.apache.kafka.clients.producer.internals.Sender. Each partition has at most one request
// under way, of up to five batches, since HTTP requests may overtake each other and the broker remembers a producer's last five batches;
// partitions are served side by side, `maxInFlight` requests at a time.
//
// A request that fails is made again with the same batches under the same sequences until it is answered or `deliveryTimeoutMs` is over,
// and only then comes the next: that keeps the order. What becomes of an error is decided in `#verdict`.

import { concatBytes } from "../../common/bytes.ts";
import { BATCHES_TYPE } from "../../contract/media-types.ts";
import type { Compression } from "../../record/compression-type.ts";
import { backoffMs, sleep } from "../backoff.ts";
import { type Client, readJson } from "../client.ts";
import type { Codecs } from "../compression.ts";
import { ClosedError, RecordTooLargeError, SluiceError, TimeoutError } from "../errors.ts";
import { Slots } from "../slots.ts";
import type { TopicCache } from "../topics.ts";
import type { ProducerBatch } from "./producer-batch.ts";
import type { SenderMetrics } from "./producer-metrics.ts";
import type { PartitionQueue, RecordAccumulator } from "./record-accumulator.ts";
import { firstSequence, nextEpoch, number, type ProducerIds } from "./sequences.ts";

export interface SenderOptions {
  readonly client: Client;
  readonly topics: TopicCache;
  readonly accumulator: RecordAccumulator;
  readonly metrics: SenderMetrics;
  /** null without idempotence. */
  readonly ids: ProducerIds | null;
  readonly transactionalId: string | undefined;
  readonly compression: Compression;
  readonly codecs: Codecs;
  readonly maxInFlight: number;
  readonly maxRequestSize: number;
  readonly deliveryTimeoutMs: number;
  /** Told of each batch that is given up. */
  readonly onFailure: (error: unknown) => void;
}

/** Batches of one partition that go together, and again together. */
interface ProduceRequest {
  readonly queue: PartitionQueue;
  readonly batches: readonly ProducerBatch[];
  /** ms */
  readonly deadline: number;
  /** An answer was lost: it may be written. */
  isInDoubt: boolean;
}

interface ProduceAnswer {
  readonly baseOffset: number;
  readonly logAppendTime?: number;
}

/** `again`: the same request. `renumbered`: under new sequences. `written`: it was, before. `refused`: nothing is written. */
type Verdict = "again" | "renumbered" | "written" | "refused";

/** As many of a producer's batches as the broker knows again (Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
const MAX_BATCHES_PER_REQUEST = 5;

export class Sender {
  readonly #options: SenderOptions;
  readonly #slots: Slots;
  readonly #abort = new AbortController();
  #isScheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxInFlight);
  }

  /** Looks for what is ready once the running code is through, so that records sent together go together. */
  wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  /** Gives up what is under way. */
  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#abort.abort(new ClosedError("producer"));
  }

  #run(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    const { queues, nextMs } = this.#options.accumulator.ready(Date.now());
    for (const queue of queues) void this.#serve(queue);
    if (nextMs !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#run(), nextMs);
  }

  /** Sends a partition's batches, request by request, while there are any ready. Never rejects. */
  async #serve(queue: PartitionQueue): Promise<void> {
    const { accumulator, maxRequestSize, deliveryTimeoutMs } = this.#options;
    queue.isBusy = true;
    while (accumulator.isReady(queue, Date.now())) {
      const batches = accumulator.drain(queue, MAX_BATCHES_PER_REQUEST, maxRequestSize);
      await this.#deliver({ queue, batches, deadline: batches[0]!.place.createdMs + deliveryTimeoutMs, isInDoubt: false });
      for (const batch of batches) accumulator.release(batch);
    }
    queue.isBusy = false;
    this.wake();
  }

  /** Settles the promises of all records of the request. Never rejects. */
  async #deliver(request: ProduceRequest): Promise<void> {
    for (let attempts = 0; ; attempts++) {
      try {
        return this.#complete(request, await this.#slots.run(() => this.#attempt(request)));
      } catch (error) {
        const verdict = await this.#verdict(request, error);
        if (verdict === "written") return this.#complete(request, { baseOffset: -1 });
        if (verdict === "refused") return this.#refuse(request, error);
        if (verdict === "renumbered") this.#nextEpoch(request.queue);
        const retryAfterMs = error instanceof SluiceError ? error.retryAfterMs : 0;
        if (!(await this.#waitFor(backoffMs(this.#options.client.backoff, attempts, retryAfterMs), request))) {
          return this.#refuse(request, error);
        }
        this.#options.metrics.retries++;
      }
    }
  }

  async #attempt(request: ProduceRequest): Promise<ProduceAnswer> {
    const { client, ids, transactionalId, compression, codecs } = this.#options;
    const { queue, batches, deadline } = request;
    const { signal } = this.#abort;
    const timeoutMs = Math.min(deadline - Date.now(), client.requestTimeoutMs);
    if (timeoutMs <= 0) throw expired(request);
    if (ids !== null) {
      queue.sequence ??= firstSequence(await ids.get(timeoutMs, signal));
      number(batches, queue.sequence, transactionalId !== undefined);
    }
    const body = concatBytes(await Promise.all(batches.map((batch) => batch.encode(compression, codecs))));
    const path = `/v1/topics/${encodeURIComponent(queue.topic)}/partitions/${queue.partition}/batches`;
    const headers = { "content-type": BATCHES_TYPE };
    const read = async (response: Response) => (await readJson(response)) as ProduceAnswer;
    const answer = await client.attempt("POST", path, { query: { transactionalId }, body, headers, signal, timeoutMs }, read);
    this.#options.metrics.bytes += body.length;
    return answer;
  }

  async #verdict(request: ProduceRequest, error: unknown): Promise<Verdict> {
    if (!(error instanceof SluiceError)) return "refused";
    const { ids, transactionalId, topics } = this.#options;
    if (error.isInDoubt && !(error instanceof ExpiredError)) request.isInDoubt = true;
    if (ids !== null && error.code === "DUPLICATE_SEQUENCE_NUMBER") return "written";
    const hasLostTrack = error.code === "OUT_OF_ORDER_SEQUENCE_NUMBER" || error.code === "UNKNOWN_PRODUCER_ID";
    if (hasLostTrack && ids !== null && transactionalId === undefined) return "renumbered";
    if (error.code === "UNKNOWN_TOPIC_OR_PARTITION") {
      topics.forget(request.queue.topic);
      const count = await topics.ask(request.queue.topic).catch((cause: SluiceError) => (cause.retriable ? Number.POSITIVE_INFINITY : 0));
      return request.queue.partition < count ? "again" : "refused";
    }
    return error.retriable && !(error instanceof ExpiredError) ? "again" : "refused";
  }

  #complete({ batches }: ProduceRequest, { baseOffset, logAppendTime = -1 }: ProduceAnswer): void {
    const { metrics } = this.#options;
    const nowMs = Date.now();
    metrics.requests++;
    let offset = baseOffset;
    for (const batch of batches) {
      metrics.batches++;
      metrics.records += batch.recordCount;
      metrics.latency.record(nowMs - batch.place.createdMs, batch.recordCount);
      batch.complete(offset, logAppendTime);
      if (offset >= 0) offset += batch.recordCount;
    }
  }

  /**
   * The request will not be answered with success. Where nothing of it is written for certain, the good batches in it go on without the
   * bad one, and a batch that is too large in two halves.
   */
  async #refuse(request: ProduceRequest, error: unknown): Promise<void> {
    const { queue, batches, deadline, isInDoubt } = request;
    if (isInDoubt) this.#nextEpoch(queue);
    else if (queue.sequence !== null) unnumber(request);
    const parts = isInDoubt || error instanceof ExpiredError || this.#abort.signal.aborted ? [] : partsOf(batches, error);
    if (parts.length > 0) {
      for (const batch of parts) await this.#deliver({ queue, batches: [batch], deadline, isInDoubt: false });
      return;
    }
    for (const batch of batches) {
      this.#options.metrics.failedRecords += batch.recordCount;
      batch.fail(error);
    }
    this.#options.onFailure(error);
  }

  #nextEpoch(queue: PartitionQueue): void {
    if (queue.sequence === null) return;
    queue.sequence = nextEpoch(queue.sequence);
    if (queue.sequence === null) this.#options.ids?.forget();
  }

  /** @returns false where there is no time left for another attempt, or the producer is closed */
  async #waitFor(ms: number, { deadline }: ProduceRequest): Promise<boolean> {
    if (Date.now() + ms >= deadline) return false;
    try {
      await sleep(ms, this.#abort.signal);
      return true;
    } catch {
      return false; // the producer is closed, which is the one thing that ends a sleep early
    }
  }
}

/** `deliveryTimeoutMs` is over. */
class ExpiredError extends TimeoutError {}

function expired({ queue: { topic, partition }, batches }: ProduceRequest): ExpiredError {
  const count = batches.reduce((sum, batch) => sum + batch.recordCount, 0);
  return new ExpiredError(`${count} records for partition ${partition} of ${topic} were not written in time (deliveryTimeoutMs)`);
}

/** Gives the numbers back: none of the batches is written. They are numbered anew should they be sent again. */
function unnumber({ queue, batches }: ProduceRequest): void {
  const { producer } = batches[0]!;
  const { sequence } = queue;
  if (sequence === null || producer.producerId !== sequence.producerId || producer.producerEpoch !== sequence.producerEpoch) return;
  sequence.nextSequence = producer.baseSequence;
  for (const batch of batches) batch.producer = { ...producer, producerId: -1 };
}

/** What to try each by itself: the batches of a request that was refused as a whole, or the halves of one that is too large. */
function partsOf(batches: readonly ProducerBatch[], error: unknown): readonly ProducerBatch[] {
  if (batches.length > 1) return batches;
  const [only] = batches;
  return error instanceof RecordTooLargeError && only!.recordCount > 1 ? only!.split() : [];
}
