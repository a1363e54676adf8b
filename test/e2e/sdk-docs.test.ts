// Every block of docs/sdk.md compiles against the built package's types and does what it says, against a broker with a token: in Node, or
// in workerd where only a Worker can run it. Its page is in sdk-chromium.test.ts.

import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CORE_WASM } from "../../scripts/build-core.ts";
import { buildSdk } from "../../scripts/build-sdk.ts";
import { bundleWorker } from "../../scripts/build-worker.ts";
import { text } from "../../scripts/serve/capnp.ts";
import { compatibilityDate } from "../../scripts/serve/compatibility-date.ts";
import { listeningPorts, startWorkerd } from "../../scripts/serve/workerd.ts";
import { Admin, createClient } from "../../src/sdk/index.ts";
import { nodePrograms, type Program, workerProgram } from "../support/sdk-docs/blocks.ts";
import { ADMIN_TOKEN, type SecuredBroker, startSecuredBroker } from "../support/secured.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const BUILD_TIMEOUT_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = `${ROOT}build/sdk-docs`;
const RUNNER = `${ROOT}test/support/sdk-docs/run.ts`;

let broker: SecuredBroker;
let programs: Program[];
let worker: ChildProcess | undefined;
let workerFolder: string;

beforeAll(async () => {
  [broker] = await Promise.all([startSecuredBroker(), buildSdk()]);
  const { topics } = new Admin(createClient({ url: broker.url, token: ADMIN_TOKEN }));
  for (const name of ["clicks", "orders", "invoices", "jobs"]) await topics.create({ name, partitions: 1 });
  programs = nodePrograms(broker.url);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const program of [...programs, workerProgram()]) writeFileSync(join(FOLDER, program.name), program.text);
  workerFolder = mkdtempSync(join(tmpdir(), "sluice-sdk-docs-"));
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  worker?.kill("SIGTERM");
  if (worker?.exitCode === null) await once(worker, "exit");
  await broker?.stop();
  if (workerFolder !== undefined) rmSync(workerFolder, { recursive: true, force: true });
});

/** Rejects with what the compiler complains of. */
async function compile(name: string, types: readonly string[], files: readonly string[]): Promise<void> {
  const config = join(FOLDER, `tsconfig.${name}.json`);
  const compilerOptions = {
    types,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitOverride: false,
    ...(name === "node" && { lib: ["es2024", "dom", "dom.asynciterable"] }),
  };
  writeFileSync(config, JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: [], files }));
  await run(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", config], { cwd: ROOT }).catch(({ stdout }) => {
    throw new Error(stdout);
  });
}

test("every block compiles against the types of the package", async () => {
  expect(programs.length).toBeGreaterThan(8);
  await compile(
    "node",
    ["node"],
    programs.map(({ name }) => name),
  );
  await compile("worker", ["@cloudflare/workers-types"], ["worker.ts", "../../src/wasm/core-module.d.ts"]);
});

/** Values of a topic's only partition that are there now and committed, from an offset on; a negative one counts from the end. */
async function values(topic: string, offset: number | "earliest" = "earliest"): Promise<string[]> {
  const { body } = await broker.ask("GET", `/v1/topics/${topic}/partitions/0/records?offset=${offset}`);
  return (body as { records: { value: string }[] }).records.map(({ value }) => value);
}

test("every block for Node runs, and the broker has what they wrote", async () => {
  const environment = { ...process.env, BROKER_URL: broker.url, BROKER_TOKEN: ADMIN_TOKEN };
  const printed: string[] = [];
  for (const { name } of programs) {
    const { stdout } = await run(process.execPath, [RUNNER, join(FOLDER, name)], { cwd: ROOT, env: environment });
    printed.push(stdout.trim());
  }
  expect(await values("clicks")).toEqual(['{"page":"/"}', '{"clicks":1}', '{"clicks":2}']);
  expect(await values("invoices")).toEqual(['{"total":12}']);
  expect(printed.filter((lines) => /^(\{"order":\d+\}\n?){3}$/.test(lines))).toHaveLength(4);
  expect(printed.filter((lines) => /^(\{"job":\d+\}\n?){2,}$/.test(lines))).toHaveLength(1);
  expect(printed.at(-1)).toBe("visits 3");
});

/** The document's Worker, bound to the broker as to a service. */
async function startWorker(): Promise<string> {
  await bundleWorker(join(FOLDER, "worker.ts"), join(workerFolder, "worker.js"));
  mkdirSync(join(workerFolder, "objects"));
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "sluice", external = (address = ${text(`127.0.0.1:${broker.port}`)}, http = ())),
    (name = "objects", disk = (path = ${text(join(workerFolder, "objects"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "core.wasm", wasm = embed ${text(relative(workerFolder, ROOT + CORE_WASM))}),
  ],
  compatibilityDate = ${text(compatibilityDate())},
  durableObjectNamespaces = [(className = "OrderWithItems", uniqueKey = "orders", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
    (name = "SLUICE", service = "sluice"),
    (name = "SLUICE_TOKEN", text = ${text(ADMIN_TOKEN)}),
    (name = "ORDERS", durableObjectNamespace = "OrderWithItems"),
  ],
);
`;
  writeFileSync(join(workerFolder, "config.capnp"), config);
  worker = startWorkerd(join(workerFolder, "config.capnp"));
  const ports = await listeningPorts(worker, ["http"]);
  return `http://127.0.0.1:${ports!.http}`;
}

test("the blocks for Workers run in one: the outbox's event comes, and the core's codecs write", async () => {
  const url = await startWorker();
  for (const path of ["/order/book", "/codecs"]) expect(await (await fetch(url + path)).text()).toBe("done");
  await until("the event is there", async () => (await values("orders", -10)).includes('{"item":"book"}'));
  expect(await values("orders", -10)).toContain("by the core");
});
