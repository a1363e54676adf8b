// The tunnel, run as a user runs it, with unmodified Kafka clients that know nothing but its address.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createConnection } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { API } from "../../src/protocol/api-keys.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectAdmin, connectProducer, joinGroup } from "../support/kafka-clients.ts";
import { fetchFrame, openResponse, requestFrame } from "../support/kafka-frames.ts";
import { connectKafka, expectServed } from "../support/kafka-socket.ts";
import { hasKcat, runKcat } from "../support/kcat.ts";
import { residentBytes } from "../support/process-memory.ts";
import { until } from "../support/until.ts";

const SLUICE = fileURLToPath(new URL("../../scripts/sluice.ts", import.meta.url));
const TOKEN = "a-token";
const MIB = 1 << 20;

interface RunningTunnel {
  /** HOST:PORT for Kafka clients. */
  readonly address: string;
  readonly child: ChildProcess;
  output(): string;
}

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_ADMIN_TOKEN: TOKEN } });
});
afterAll(async () => {
  await broker?.stop();
});

function spawnTunnel(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [SLUICE, "tunnel", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  return { child, output: () => printed };
}

/** Resolves once it listens. */
async function startTunnel(url: string, env: Readonly<Record<string, string>> = { SLUICE_TOKEN: TOKEN }): Promise<RunningTunnel> {
  const { child, output } = spawnTunnel(["--url", url, "--listen", "127.0.0.1:0"], env);
  onTestFinished(() => endTunnel(child));
  const address = () => /Kafka clients on (\S+)/.exec(output())?.[1];
  await until(`the tunnel listens:\n${output()}`, () => address() !== undefined || child.exitCode !== null);
  if (address() === undefined) throw new Error(`the tunnel ended: ${output()}`);
  return { address: address()!, child, output };
}

async function endTunnel(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Runs it to its end. */
async function runTunnel(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { child, output } = spawnTunnel(args, env);
  const [code] = await once(child, "close");
  return { code: code as number, output: output() };
}

test("what clients are told to connect to is the tunnel", async () => {
  const tunnel = await startTunnel(broker.url);
  const client = await connectKafka(tunnel.address);
  client.send(requestFrame(API.metadata, 12, { topics: null } as never));
  const { response } = openResponse(API.metadata, 12, await client.next());
  expect(response.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([tunnel.address]);
  client.socket.destroy();
});

test("kafkajs makes a topic, produces, and consumes in a group through it", async () => {
  const { address } = await startTunnel(broker.url);
  const admin = await connectAdmin(address);
  await admin.createTopics({ topics: [{ topic: "tunnelled", numPartitions: 2 }] });
  const member = await joinGroup(address, { groupId: "tunnelled", topic: "tunnelled" });
  const producer = await connectProducer(address);
  const values = Array.from({ length: 50 }, (_, i) => `v${i}`);
  await producer.send({ topic: "tunnelled", messages: values.map((value) => ({ key: value, value })) });
  await until("all are read", () => member.received.length === values.length);
  expect(member.received.map(({ value }) => value).sort()).toEqual(values.toSorted());
});

test.skipIf(!hasKcat())("kcat sends megabytes and reads them back, both ways past any window", async () => {
  const { address } = await startTunnel(broker.url);
  const lines = Array.from({ length: 24 }, (_, i) => `${i}:${"x".repeat(900_000)}`);
  await runKcat(["-b", address, "-t", "bulk", "-P", "-X", "message.max.bytes=1000000"], `${lines.join("\n")}\n`);
  const read = await runKcat(["-b", address, "-t", "bulk", "-C", "-e", "-q"]);
  expect(read === `${lines.join("\n")}\n`, `${read.length} characters came back`).toBe(true);
});

test("a client that does not read stops the broker, and the tunnel keeps nothing for it", async () => {
  const { address, child } = await startTunnel(broker.url);
  const producer = await connectProducer(address);
  for (let i = 0; i < 16; i++) await producer.send({ topic: "deaf", messages: [{ value: Buffer.alloc(900_000, i) }] });
  const before = [residentBytes(child.pid!), residentBytes(broker.workerdPid)];
  const deaf = createConnection({ host: "127.0.0.1", port: Number(address.split(":")[1]) });
  deaf.pause();
  for (let i = 0; i < 60; i++) deaf.write(fetchFrame("deaf", 0, { maxBytes: 12 * MIB, correlationId: i }));
  const other = await connectKafka(address);
  for (let i = 0; i < 20; i++) await expectServed(other);
  await producer.send({ topic: "deaf", messages: [{ value: "served meanwhile" }] });
  const grown = [residentBytes(child.pid!) - before[0]!, residentBytes(broker.workerdPid) - before[1]!];
  expect(Math.max(...grown), "of the 720 MB that were asked for").toBeLessThan(200 * MIB);
  deaf.destroy();
  other.socket.destroy();
});

test("when the broker goes its clients are disconnected, and served again when it is back", async () => {
  const own = await startBroker();
  onTestFinished(async () => void (await own.stop()));
  const tunnel = await startTunnel(own.url, {});
  const client = await connectKafka(tunnel.address);
  await expectServed(client);
  await own.kill9();
  await client.closed();
  const early = await connectKafka(tunnel.address);
  await early.closed();
  await until("the tunnel has said why", () => tunnel.output().includes(`nothing listens at ${new URL(own.url).host}`));
  await own.restart();
  const late = await connectKafka(tunnel.address);
  await expectServed(late);
  late.socket.destroy();
});

describe("what is wrong is said at the start", () => {
  test.each([
    ["no token", () => ["--url", broker.url], 0, "carried to"],
    ["another token", () => ["--url", broker.url, "--token", "wrong"], 1, "refuses the token (401)"],
    ["a URL of something else", () => ["--url", `${broker.url}/elsewhere`], 1, "(404)"],
    ["a port where nothing listens", () => ["--url", "http://127.0.0.1:1"], 1, "nothing listens at 127.0.0.1:1"],
    ["a name that nobody has", () => ["--url", "https://sluice.invalid"], 1, "no address is known for sluice.invalid"],
    ["TLS where there is none", () => ["--url", broker.url.replace("http", "https")], 1, "does not speak TLS"],
    ["no URL", () => [], 2, "--url is needed"],
    ["a flag that is not there", () => ["--uri", "x"], 2, "unknown option '--uri'"],
    ["a token in the URL", () => ["--url", "https://u:p@sluice.example"], 2, "--token or SLUICE_TOKEN"],
  ] as const)("%s", async (_, args, exitCode, words) => {
    if (exitCode === 0) {
      const { output } = await startTunnel(broker.url, {});
      expect(output()).toContain(words);
      return;
    }
    const { code, output } = await runTunnel(args());
    expect(output).toContain(words);
    expect(output.trim().split("\n"), "in one line").toHaveLength(1);
    expect(code).toBe(exitCode);
  });

  test("a server that is no broker", async () => {
    const server = createServer((_, response) => response.writeHead(302, { location: "https://elsewhere.example/" }).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { output, code } = await runTunnel(["--url", `http://127.0.0.1:${(server.address() as { port: number }).port}`]);
    expect([code, output]).toEqual([1, expect.stringContaining("is elsewhere (302)")]);
  });
});

test.skipIf(!hasKcat())("without a token of its own it carries the client's SASL", async () => {
  const { address } = await startTunnel(broker.url, {});
  const sasl = (token: string) => ["-X", "security.protocol=sasl_plaintext", "-X", "sasl.mechanisms=PLAIN", "-X", `sasl.password=${token}`];
  const list = ["-b", address, "-L", "-m", "5", "-X", "sasl.username=any"];
  expect(await runKcat([...list, ...sasl(TOKEN)])).toContain("1 brokers");
  await expect(runKcat([...list, ...sasl("wrong")])).rejects.toThrow();
});
