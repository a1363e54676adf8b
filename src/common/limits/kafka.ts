// Limits of a Kafka connection, over TCP or a WebSocket, and of its requests.

import { MAX_BATCH_BYTES } from "./records.ts";
import { KIB, MIB } from "./units.ts";

/** Largest request of a Kafka client: a batch of the largest size, and what is around it. */
export const MAX_FRAME_BYTES = 17 * MIB;

/** Largest request of a Kafka client that has not authenticated (Kafka's sasl.server.max.receive.size). */
export const MAX_UNAUTHENTICATED_FRAME_BYTES = 512 * KIB;

/** Bytes of Produce requests of one Kafka connection that wait for their answers, beside the last: beyond them, it is not read. */
export const MAX_BYTES_IN_FLIGHT = 16 * MIB;

/**
 * Partitions that one Kafka connection keeps watching between its fetches: a WebSocket each, of the 10,000 calls that an invocation may make.
 * A wait for more of them opens the others each time, which for 500 more cost 260 ms of CPU a fetch (bench/idle-consumer.ts).
 */
export const MAX_WATCHES_PER_CONNECTION = 1_000;

/** Partitions of one fetch session, 300 bytes each; a client with more fetches without one. */
export const MAX_FETCH_SESSION_PARTITIONS = 10_000;

/** Partitions, and topics of groups, whose log a Kafka connection remembers its client to be in: 200 bytes each (remade-topics.ts). */
export const MAX_REMEMBERED_PLACES = 10_000;

/** Produce requests of one Kafka connection that wait for their answers; clients have 5 by default (max.in.flight.requests). */
export const MAX_REQUESTS_IN_FLIGHT = 32;

/** A Kafka connection that says nothing for so long is closed (connections.max.idle.ms, Kafka's default). */
export const IDLE_CONNECTION_MS = 600_000;

/** Kafka connections of one isolate over TCP (max.connections): 1.8 GB where all wait in fetches (test/e2e/many-connections.ts). */
export const MAX_KAFKA_CONNECTIONS = 10_000;

/** Partitions in one answer of DescribeTopicPartitions (Kafka's max.request.partition.size.limit). */
export const MAX_DESCRIBED_PARTITIONS = 2_000;

/** A batch of the largest size fits a request. */
if (MAX_BATCH_BYTES > MAX_FRAME_BYTES) throw new Error("limits: the largest batch must fit a frame");
