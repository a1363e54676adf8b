// Room for records on a Kafka connection: a fetch without any is throttled as Kafka does it, one that is not taken ends its connection.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AnswerRooms } from "../../../../src/broker/answer-room.ts";
import type { FetchManyRequest } from "../../../../src/broker/messages/fetch.ts";
import {
  ANSWER_LEAVE_MS,
  ANSWER_ROOM_WAIT_MS,
  ANSWER_THROTTLE_MS,
  ANSWERS_RESERVE_BYTES,
  MAX_ANSWERS_BYTES,
} from "../../../../src/common/limits/answer-room.ts";
import { ClientGone } from "../../../../src/listeners/kafka/call.ts";
import { KafkaConnection } from "../../../../src/listeners/kafka/connection.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka, OPEN_KAFKA } from "../../../support/kafka-connection.ts";
import { fetchFrame, openResponse } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const ALL_BYTES = MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES;

/** Takes room for its fetches, as the real one does. */
class BrokerWithRoom extends MemoryBroker {
  readonly rooms = new AnswerRooms(Date.now);

  override openAnswer() {
    return this.rooms.open();
  }

  override async fetchMany(request: FetchManyRequest) {
    await request.room!.take(request.maxBytes);
    const fetched = await super.fetchMany(request);
    request.room!.add(1_000);
    return fetched;
  }
}

let broker: BrokerWithRoom;

beforeEach(async () => {
  vi.useFakeTimers();
  broker = new BrokerWithRoom();
  await broker.createTopic({ name: "t" });
  await broker.produce({ topic: "t", compression: "none", records: [{ key: null, value: "v" }] });
});
afterEach(() => vi.useRealTimers());

test("a fetch that finds no room in time is answered without partitions, and a time to stay away", async () => {
  const full = broker.rooms.open();
  full.hold(ALL_BYTES);
  const { connection, sent } = connectKafka(broker);
  const received = connection.receive(fetchFrame("t", 0));
  await vi.advanceTimersByTimeAsync(2 * ANSWER_ROOM_WAIT_MS);
  await received;
  const { response } = openResponse(API.fetch, 12, sent[0]!);
  expect(response).toMatchObject({ throttleTimeMs: ANSWER_THROTTLE_MS, errorCode: 0, responses: [] });
  full.leave();
  await connection.receive(fetchFrame("t", 0));
  expect(openResponse(API.fetch, 12, sent[1]!).response).toMatchObject({ throttleTimeMs: 0, responses: [{ topic: "t" }] });
});

test("room is given back when the frame has gone out", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const connection = new KafkaConnection({ broker, settings: OPEN_KAFKA, send: () => gone });
  const before = broker.rooms.shareOf(ALL_BYTES);
  const received = connection.receive(fetchFrame("t", 0));
  await vi.advanceTimersByTimeAsync(0);
  expect(broker.rooms.shareOf(ALL_BYTES)).toBeLessThan(before);
  resolve();
  await received;
  expect(broker.rooms.shareOf(ALL_BYTES)).toBe(before);
});

test("a client that does not take its records loses its connection once others want their room", async () => {
  const onFailure = vi.fn();
  const never = new Promise<void>(() => {});
  const connection = new KafkaConnection({ broker, settings: OPEN_KAFKA, send: () => never, onFailure });
  const received = connection.receive(fetchFrame("t", 0)).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(2 * ANSWER_LEAVE_MS);
  expect(onFailure).not.toHaveBeenCalled();
  broker.rooms.open().hold(ALL_BYTES);
  broker.rooms.shareOf(ALL_BYTES);
  await vi.advanceTimersByTimeAsync(ANSWER_LEAVE_MS);
  expect(onFailure).toHaveBeenCalledOnce();
  expect(await received).toBeInstanceOf(ClientGone);
});
