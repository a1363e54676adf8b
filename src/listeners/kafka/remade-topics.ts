// Topics that are deleted and made again under a client that did not notice. Up to Fetch 12 and OffsetCommit 9 topics have names and no
// ids (KIP-516), and the first log's positions are taken for the second's: Apache Kafka goes on at offset 17 of a log that begins anew, or
// lets a member that is about to lose the old topic commit 17 to the new one, and the records before are never read. A connection here
// remembers which log its client is in, and tells it with errors that every client handles:
//
// - a fetch that carries on from where the old log was left is out of range, until the client has reset (auto.offset.reset): it asks from
//   elsewhere, or has asked where the new log begins or ends (ListOffsets). Not once: of an answer with several failed partitions kafkajs
//   sees the first alone.
// - the first commit after the topic was made again is refused, as if it had come while there was no such topic.
//
// Nothing else is refused. What a client does over several connections is not brought together: a fetch that comes by another is as in Kafka.

import type { Broker } from "../../broker/broker.ts";
import type { ReadFailure, ReadResult } from "../../broker/ports.ts";
import { failure, isFailure } from "../../common/errors.ts";
import { MAX_REMEMBERED_PLACES } from "../../common/limits/kafka.ts";

interface FetchPlace {
  readonly topicId: string;
  /** Of the fetch before, and behind what it was answered: where the client may go on. */
  readonly fetchOffset: number;
  readonly nextOffset: number;
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly fetchOffset: number;
}

/** Where a client's fetches are, by the names of the topics. */
export class FetchPlaces {
  readonly #places = new Map<string, FetchPlace>();

  /** The id of the topic whose log the fetch carries on in; undefined: it may begin in any. No log begins behind 0. */
  carriedOn({ topic, partition, fetchOffset }: Position): string | undefined {
    const place = this.#places.get(keyOf(topic, partition));
    if (place === undefined || fetchOffset <= 0) return undefined;
    return fetchOffset === place.nextOffset || fetchOffset === place.fetchOffset ? place.topicId : undefined;
  }

  /**
   * Notes what the fetch was answered with, and passes it on; a fetch that carries on in a log that is gone is out of range.
   * @param topicId of the log that was read; undefined: of the topic that has the name
   */
  async settle(
    broker: Broker,
    position: Position,
    topicId: string | undefined,
    result: ReadResult | ReadFailure,
  ): Promise<ReadResult | ReadFailure> {
    const key = keyOf(position.topic, position.partition);
    if (isFailure(result)) {
      const isGone = isUnknown(result) && this.carriedOn(position) !== undefined && (await this.#isMadeAgain(broker, position.topic, key));
      if (!isGone) return result;
      return failure("OFFSET_OUT_OF_RANGE", `topic '${position.topic}' was made again: offset ${position.fetchOffset} is of its old log`);
    }
    const { nextOffset } = result;
    if (nextOffset <= 0) return result; // nothing to carry on from, and an idle partition costs no look at its topic
    const readId = topicId ?? (await presentId(broker, position.topic));
    if (readId !== null) remember(this.#places, key, { topicId: readId, fetchOffset: position.fetchOffset, nextOffset });
    return result;
  }

  /** The client has asked where the partition begins or ends: what it knew of a log before is over. */
  async asked(broker: Broker, topic: string, partition: number): Promise<void> {
    const key = keyOf(topic, partition);
    if (this.#places.has(key) && (await this.#isMadeAgain(broker, topic, key))) this.#places.delete(key);
  }

  async #isMadeAgain(broker: Broker, topic: string, key: string): Promise<boolean> {
    const present = await presentId(broker, topic);
    return present !== null && present !== this.#places.get(key)?.topicId;
  }
}

/** The topics that a client commits offsets of, by group and name. */
export class CommitTopics {
  readonly #topicIds = new Map<string, string>();

  /** The client is told the group's offsets of these topics as they are now. */
  async told(broker: Broker, groupId: string, topics: readonly string[]): Promise<void> {
    await this.madeAgain(broker, groupId, topics);
  }

  /** Those that were made again since the client was last told, or committed: it is told by the refusal. */
  async madeAgain(broker: Broker, groupId: string, topics: readonly string[]): Promise<ReadonlySet<string>> {
    const again = new Set<string>();
    for (const name of topics) {
      const present = await presentId(broker, name);
      if (present === null) continue;
      const key = JSON.stringify([groupId, name]);
      const known = this.#topicIds.get(key);
      if (known !== undefined && known !== present) again.add(name);
      remember(this.#topicIds, key, present);
    }
    return again;
  }
}

/** null: there is no such topic. */
async function presentId(broker: Broker, name: string): Promise<string | null> {
  const topic = await broker.topic(name);
  return isFailure(topic) ? null : topic.topicId;
}

function isUnknown({ error }: ReadFailure): boolean {
  return error === "UNKNOWN_TOPIC_OR_PARTITION" || error === "UNKNOWN_TOPIC_ID";
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}

/** The oldest goes where there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED_PLACES) map.delete(map.keys().next().value!);
}
