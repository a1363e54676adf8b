// What is set for Kafka clients' connections: how many, for how long in silence, and where they are told to connect.

import { expect, onTestFinished, test } from "vitest";
import { API } from "../../src/protocol/api-keys.ts";
import { type Broker, runStart, startBroker } from "../support/broker.ts";
import { openResponse, requestFrame } from "../support/kafka-frames.ts";
import { connectKafka, expectServed, type KafkaSocket } from "../support/kafka-socket.ts";
import { connectKafkaWebSocket } from "../support/kafka-web-socket.ts";
import { until } from "../support/until.ts";

async function startWith(env: Readonly<Record<string, string>>): Promise<Broker> {
  const broker = await startBroker({ env });
  onTestFinished(async () => void (await broker.stop()));
  return broker;
}

test("an address has as many connections as it may have; what it closes makes room", async () => {
  const broker = await startWith({ SLUICE_CONNECTION_CONFIGS: '{"max.connections.per.ip": "2"}' });
  const [first, second] = [await connectKafka(broker.kafkaAddress), await connectKafka(broker.kafkaAddress)];
  await expectServed(first);
  await expectServed(second);
  const third = await connectKafka(broker.kafkaAddress);
  await third.closed();
  expect(broker.output()).toContain("127.0.0.1 has 2 connections (max.connections.per.ip)");
  first.socket.destroy();
  await until("there is room again", async () => {
    const next = await connectKafka(broker.kafkaAddress);
    const isServed = await expectServed(next).then(
      () => true,
      () => false,
    );
    next.socket.destroy();
    return isServed;
  });
  second.socket.destroy();
});

test("a client that says nothing for connections.max.idle.ms is closed, on either door", async () => {
  const broker = await startWith({ SLUICE_CONNECTION_CONFIGS: '{"connections.max.idle.ms": "1000"}' });
  const [tcp, webSocket] = [await connectKafka(broker.kafkaAddress), await connectKafkaWebSocket(broker.url)];
  await Promise.all([expectServed(tcp), expectServed(webSocket)]);
  await tcp.closed();
  expect(await webSocket.closed()).toMatchObject({ code: 1000, reason: expect.stringContaining("nothing was said") });
});

async function advertised(client: Pick<KafkaSocket, "send" | "next">): Promise<string> {
  client.send(requestFrame(API.metadata, 12, { topics: null } as never));
  const { host, port } = openResponse(API.metadata, 12, await client.next()).response.brokers[0]!;
  return `${host}:${port}`;
}

test("each door tells the address that is set for it, and a tunnel's own comes first", async () => {
  const broker = await startWith({ SLUICE_ADVERTISED_LISTENER: "tcp.example:1, websocket=ws.example:2" });
  const tcp = await connectKafka(broker.kafkaAddress);
  expect(await advertised(tcp)).toBe("tcp.example:1");
  tcp.socket.destroy();
  const webSocket = await connectKafkaWebSocket(broker.url);
  expect(await advertised(webSocket)).toBe("ws.example:2");
  webSocket.socket.close();
  const tunnelled = await connectKafkaWebSocket(broker.url, { headers: { "sluice-advertised-listener": "[::1]:3" } });
  expect(await advertised(tunnelled)).toBe("::1:3");
  tunnelled.socket.close();
});

test("where nothing is set, a WebSocket's client is told the host that it came by", async () => {
  const broker = await startWith({});
  const client = await connectKafkaWebSocket(broker.url);
  expect(await advertised(client)).toBe(`127.0.0.1:${broker.port}`);
  client.socket.close();
});

test.each([
  [{ SLUICE_ADVERTISED_LISTENER: "http://a:1" }, "SLUICE_ADVERTISED_LISTENER"],
  [{ SLUICE_CONNECTION_CONFIGS: '{"max.connections": "-1"}' }, "max.connections"],
  [{ SLUICE_CONNECTION_CONFIGS: "max.connections=5" }, "SLUICE_CONNECTION_CONFIGS"],
])("%j is refused before anything starts", async (env, words) => {
  const { code, output } = await runStart(["--port", "0", "--kafka-port", "0"], env);
  expect([code, output]).toEqual([2, expect.stringContaining(words)]);
});
