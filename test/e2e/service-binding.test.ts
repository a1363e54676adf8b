// A Worker beside the broker, with the broker as a service binding (docs/service-binding.md): the HTTP API by fetch, Kafka's by connect.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CORE_WASM } from "../../scripts/build-core.ts";
import { buildWorker, WORKER_SCRIPT } from "../../scripts/build-worker.ts";
import { compatibilityDate } from "../../scripts/serve/compatibility-date.ts";
import { listeningPorts, startWorkerd } from "../../scripts/serve/workerd.ts";
import { workerdConfig } from "../../scripts/serve/workerd-config.ts";
import { API } from "../../src/protocol/api-keys.ts";
import { openResponse, requestFrame } from "../support/kafka-frames.ts";
import { expectServed } from "../support/kafka-socket.ts";
import { connectKafkaWebSocket } from "../support/kafka-web-socket.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  await buildWorker();
  folder = mkdtempSync(join(tmpdir(), "sluice-neighbour-"));
  mkdirSync(join(folder, "objects"));
  const configFile = join(folder, "config.capnp");
  writeFileSync(configFile, withNeighbour(brokerConfig()));
  child = startWorkerd(configFile);
  const ports = await listeningPorts(child, ["http", "kafka", "neighbour"]);
  url = `http://127.0.0.1:${ports!.neighbour}`;
});
afterAll(async () => {
  child?.kill("SIGTERM");
  if (child?.exitCode === null) await once(child, "exit");
  rmSync(folder, { recursive: true, force: true });
});

function brokerConfig(): string {
  return workerdConfig({
    workerScript: relative(folder, root + WORKER_SCRIPT),
    coreWasm: relative(folder, root + CORE_WASM),
    objectsFolder: join(folder, "objects"),
    host: "127.0.0.1",
    ...{ port: 0, kafkaPort: 0, open: true, allowPrivateWebhooks: false, archive: null, tls: null },
    compatibilityDate: compatibilityDate(),
  });
}

/** The broker's config with one more Worker, its socket and its binding. */
function withNeighbour(config: string): string {
  const script = relative(folder, `${root}test/fixtures/neighbour-worker.js`);
  const socket = `(name = "neighbour", address = "127.0.0.1:0", http = (), service = "neighbour"),`;
  return `${config
    .replace("services = [", `services = [\n    (name = "neighbour", worker = .neighbour),`)
    .replace("sockets = [", `sockets = [\n    ${socket}`)}
const neighbour :Workerd.Worker = (
  modules = [(name = "neighbour.js", esModule = embed "${script}")],
  compatibilityDate = "${compatibilityDate()}",
  bindings = [(name = "SLUICE", service = "main")],
);
`;
}

async function askKafka(frame: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const response = await fetch(`${url}/ask-kafka`, { method: "POST", body: frame });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer()).subarray(4);
}

test("what is produced over HTTP by the binding is a topic over Kafka by the binding", async () => {
  const json = { "content-type": "application/json" };
  expect((await fetch(`${url}/v1/topics`, { method: "POST", headers: json, body: '{"name": "shared"}' })).status).toBe(201);
  const produced = await fetch(`${url}/v1/topics/shared/records`, { method: "POST", headers: json, body: '{"records": [{"value": 1}]}' });
  expect(await produced.json()).toMatchObject({ results: [{ partition: 0, baseOffset: 0 }] });
  const { response } = openResponse(API.metadata, 12, await askKafka(requestFrame(API.metadata, 12, { topics: null } as never)));
  expect(response.topics).toMatchObject([{ name: "shared" }]);
  expect(response.brokers, "at the address that connect was given").toMatchObject([{ host: "sluice", port: 9092 }]);
});

test("a WebSocket goes through the binding as well", async () => {
  const client = await connectKafkaWebSocket(url);
  await expectServed(client);
  client.socket.close();
});
