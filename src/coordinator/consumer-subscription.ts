// What a classic member says of itself under the protocol type "consumer": the topics that it subscribes to and the partitions that it has,
// and how it is told its assignment (ConsumerProtocol of org.apache.kafka.clients.consumer.internals). Topics have names there, not ids.

import type { Failure } from "../common/errors.ts";
import { failure } from "../common/errors.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../protocol/messages/consumer-protocol.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import { decodeVersioned, encodeVersioned } from "../protocol/versioned.ts";
import type { GroupProtocol } from "./classic-messages.ts";
import type { TopicPartitions } from "./consumer-messages.ts";
import type { TopicImage } from "./topic-image.ts";

/** The protocol type of consumers. */
export const CONSUMER_PROTOCOL_TYPE = "consumer";

export interface NamedTopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface ClassicSubscription {
  readonly topics: readonly string[];
  readonly owned: readonly NamedTopicPartitions[];
  readonly rackId: string | null;
}

/** All protocols of a member say the same of its subscription: the first is asked. */
export function readSubscription(protocols: readonly GroupProtocol[]): ClassicSubscription | Failure {
  const [first] = protocols;
  if (first === undefined) return failure("INCONSISTENT_GROUP_PROTOCOL", "The member names no protocol.");
  try {
    const { topics, ownedPartitions, rackId } = decodeVersioned(consumerProtocolSubscription, new Uint8Array(first.metadata));
    return { topics, owned: ownedPartitions, rackId };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return failure("INCONSISTENT_GROUP_PROTOCOL", `The member's metadata is no subscription of a consumer: ${error.message}`);
  }
}

/** What a leader gave a member; nothing where the bytes are no assignment. */
export function readAssignment(assignment: ArrayBuffer): readonly NamedTopicPartitions[] {
  if (assignment.byteLength === 0) return [];
  try {
    return decodeVersioned(consumerProtocolAssignment, new Uint8Array(assignment)).assignedPartitions;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [];
  }
}

/** @param protocols those of the member, whose version it is written in */
export function writeAssignment(
  protocols: readonly GroupProtocol[],
  partitions: readonly TopicPartitions[],
  topics: TopicImage,
): ArrayBuffer {
  const assignedPartitions = partitions.flatMap(({ topicId, partitions: numbers }) => {
    const topic = topics.withId(topicId);
    return topic === undefined ? [] : { topic: topic.name, partitions: [...numbers] };
  });
  const version = Math.min(versionOf(protocols), consumerProtocolAssignment.versions.last);
  return encodeVersioned(consumerProtocolAssignment, version, { assignedPartitions, userData: null }).slice().buffer as ArrayBuffer;
}

function versionOf([first]: readonly GroupProtocol[]): number {
  return first !== undefined && first.metadata.byteLength >= 2 ? Math.max(0, new DataView(first.metadata).getInt16(0)) : 0;
}

export function withTopicIds(named: readonly NamedTopicPartitions[], topics: TopicImage): TopicPartitions[] {
  return named.flatMap(({ topic, partitions }) => {
    const known = topics.named(topic);
    return known === undefined ? [] : { topicId: known.topicId, partitions };
  });
}
