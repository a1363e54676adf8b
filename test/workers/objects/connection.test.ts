// The connection object inside workerd: a Kafka client over /kafka, whose object is put out of memory between its requests.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { errorCode } from "../../../src/common/errors.ts";
import type { SocketState } from "../../../src/listeners/kafka/serve-web-socket.ts";
import { core } from "../../../src/objects/core.ts";
import { API } from "../../../src/protocol/api-keys.ts";
import { ZERO_UUID } from "../../../src/protocol/uuid.ts";
import { encodeBatch } from "../../../src/wasm/record-batches.ts";
import { fetchFrame, openResponse, produceFrame, requestFrame } from "../../support/kafka-frames.ts";
import { connectWebSocket, type KafkaWebSocketClient, WITH_TOKEN } from "../support/kafka-web-socket.ts";

const apiVersions = requestFrame(API.apiVersions, 0, {});

/** Of the client's socket, as it is stored. */
function changeState({ object }: KafkaWebSocketClient, change: Partial<SocketState>): Promise<void> {
  return runInDurableObject(object, (_, state) => {
    const [socket] = state.getWebSockets();
    socket!.serializeAttachment({ ...socket!.deserializeAttachment(), ...change });
  });
}

test("a client goes on after its object was put out of memory, authenticated as it was", async () => {
  const client = await connectWebSocket();
  client.send(requestFrame(API.metadata, 12, { topics: [{ name: "slept", topicId: ZERO_UUID }], allowAutoTopicCreation: true } as never));
  expect(openResponse(API.metadata, 12, await client.next()).response.topics[0]).toMatchObject({ name: "slept" }); // made by being asked for
  await evictDurableObject(client.object);
  client.send(produceFrame("slept", encodeBatch(core, [{ key: null, value: "v", timestamp: 1 }], { compression: "none" })));
  expect(openResponse(API.produce, 9, await client.next()).response.responses[0]!.partitionResponses[0]).toMatchObject({ baseOffset: 0 });
  await evictDurableObject(client.object);
  client.send(fetchFrame("slept", 0));
  expect(openResponse(API.fetch, 12, await client.next()).response.responses[0]!.partitions[0]).toMatchObject({ highWatermark: 1 });
  client.socket.close();
});

test("what SaslHandshake chose is there after it too", async () => {
  const authenticate = requestFrame(API.saslAuthenticate, 2, { authBytes: new TextEncoder().encode("\0any\0wrong") });
  const client = await connectWebSocket({});
  client.send(requestFrame(API.saslHandshake, 1, { mechanism: "PLAIN" }));
  await client.next();
  await evictDurableObject(client.object);
  client.send(authenticate);
  const { response } = openResponse(API.saslAuthenticate, 2, await client.next());
  expect(response.errorCode, "and not ILLEGAL_SASL_STATE").toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
  client.socket.close();
});

test("the token of the request counts inside, and the address that it gives is what Metadata names", async () => {
  const client = await connectWebSocket({ ...WITH_TOKEN, "sluice-advertised-listener": "127.0.0.1:19092" });
  client.send(requestFrame(API.metadata, 12, { topics: null } as never));
  const { response } = openResponse(API.metadata, 12, await client.next());
  expect(response.brokers).toMatchObject([{ host: "127.0.0.1", port: 19_092 }]);
  client.socket.close();
});

test("a client whose request was lost with the memory is closed, and not served with a gap", async () => {
  const client = await connectWebSocket();
  client.send(apiVersions);
  await client.next();
  await changeState(client, { isBusy: true });
  await evictDurableObject(client.object);
  client.send(apiVersions);
  expect((await client.closed()).code).toBe(1012);
});

test("one object serves one socket, and keeps nothing once it is closed", async () => {
  const client = await connectWebSocket();
  await runInDurableObject(client.object, (_, state) => expect(state.getWebSockets()).toHaveLength(1));
  client.socket.close();
  await client.closed();
  expect(await runDurableObjectAlarm(client.object)).toBe(true);
  expect(await runDurableObjectAlarm(client.object), "no alarm is left").toBe(false);
});

test("a socket that says nothing for too long is closed by the alarm; another is left open", async () => {
  const client = await connectWebSocket();
  client.send(apiVersions);
  await client.next();
  await runDurableObjectAlarm(client.object);
  client.send(apiVersions);
  await client.next();
  await changeState(client, { activeAtMs: Date.now() - 600_001 });
  await evictDurableObject(client.object);
  await runDurableObjectAlarm(client.object);
  expect((await client.closed()).reason).toContain("nothing was said");
});
