// `npm start`: what it prints, what it refuses, and how it ends.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { RunningBroker } from "../../scripts/serve/data-folder.ts";
import { identifyProcess } from "../../scripts/serve/processes.ts";
import { type Broker, isAlive, processGone, runStart, startBroker } from "../support/broker.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function started(options?: Parameters<typeof startBroker>[0]): Promise<Broker> {
  const broker = await startBroker(options);
  onTestFinished(async () => {
    await broker.stop();
  });
  return broker;
}

test("prints one line that tells the address, the data folder and that it is open", async () => {
  const broker = await started();
  const lines = broker.output().trimEnd().split("\n");
  expect(lines).toEqual([
    `Sluice listens on ${broker.url} and for Kafka clients on ${broker.kafkaAddress}, open to this machine without a token (loopback only), data in ${broker.dataDir}`,
  ]);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
});

test("is not open when a token is set", async () => {
  const broker = await started({ env: { SLUICE_ADMIN_TOKEN: "secret" } });
  expect(broker.output()).toContain("token required");
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
});

test("listens on other addresses only with a token", async () => {
  const refused = await runStart(["--host", "0.0.0.0", "--port", "0", "--data", join(folder, "public")]);
  expect(refused.code).toBe(2);
  expect(refused.output).toContain("SLUICE_ADMIN_TOKEN");
  const broker = await started({ host: "0.0.0.0", env: { SLUICE_ADMIN_TOKEN: "secret" } });
  expect((await fetch(`http://127.0.0.1:${broker.port}/healthz`)).status).toBe(200);
});

test("--archive keeps an archive in the data folder", async () => {
  const broker = await started({ archive: "" });
  expect(broker.output()).toContain(`data in ${broker.dataDir}, archive there too`);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
  expect(readFileSync(join(broker.dataDir, "workerd.capnp"), "utf8")).toContain('(name = "ARCHIVE", r2Bucket = "archive")');
});

test("--archive s3://... takes its settings from the environment, and writes no secret to the data folder", async () => {
  const env = {
    AWS_ACCESS_KEY_ID: "id-1",
    AWS_SECRET_ACCESS_KEY: "secret-1",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  };
  const broker = await started({ archive: "s3://bucket/some/prefix", env });
  expect(broker.output()).toContain("archive in s3://bucket/some/prefix/ at http://127.0.0.1:9");
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
  const config = readFileSync(join(broker.dataDir, "workerd.capnp"), "utf8");
  expect(config).toContain('allow = ["127.0.0.1/32"]');
  expect(config).not.toMatch(/id-1|secret-1/);
});

test("SIGTERM and SIGINT end it cleanly", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const broker = await started();
    process.kill(broker.pid, signal);
    expect(await broker.ended()).toEqual({ code: 0, signal: null });
    await processGone(broker.workerdPid);
  }
});

test("ends with the exit code of a runtime that was killed", async () => {
  const broker = await started();
  expect(await broker.kill9()).toEqual({ code: 128 + 9, signal: null });
});

test("keeps topics, records and committed offsets over a stop and over a kill", async () => {
  const broker = await started({ dataDir: join(folder, "kept") });
  const call = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(broker.url + path, { method, ...init });
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return answer.json() as Promise<unknown>;
  };
  await call("POST", "/v1/topics", { name: "kept", partitions: 2 });
  await call("POST", "/v1/topics/kept/records", { records: [{ value: "one", partition: 1 }] });
  await call("POST", "/v1/groups/readers/commit", { offsets: [{ topic: "kept", partition: 1, offset: 1 }] });
  for (const [count, end] of [() => broker.stop(), () => broker.kill9()].entries()) {
    await end();
    await broker.restart();
    const { records } = (await call("GET", "/v1/topics/kept/partitions/1/records")) as { records: { value: string }[] };
    expect(records.map(({ value }) => value)).toEqual(["one", "two"].slice(0, count + 1));
    await call("POST", "/v1/topics/kept/records", { records: [{ value: "two", partition: 1 }] });
    const committed = await call("GET", "/v1/groups/readers/offsets?topic=kept");
    expect(committed).toMatchObject({ offsets: [{ topic: "kept", partition: 1, offset: 1, highWatermark: count + 2 }] });
  }
});

test("the runtime does not outlive a killed starter, and the next start takes over the port and the data", async () => {
  const broker = await started();
  const { workerdPid } = broker;
  process.kill(broker.pid, "SIGKILL");
  expect((await broker.ended()).signal).toBe("SIGKILL");
  await broker.restart();
  expect(isAlive(workerdPid)).toBe(false);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
});

test("stops when the npm that runs it is killed", async () => {
  const dataDir = join(folder, "npm");
  const npm = spawn("npm", ["start", "--", "--port", "0", "--kafka-port", "0", "--data", dataDir], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void npm.kill());
  for await (const text of npm.stdout) if (String(text).includes("Sluice listens on")) break;
  const { pid, workerd } = JSON.parse(readFileSync(join(dataDir, "running.json"), "utf8")) as RunningBroker;
  npm.kill("SIGKILL");
  await processGone(pid);
  await processGone(workerd!.pid);
});

test("ends a runtime that an earlier start left behind on the same data, and no other process of that id", async () => {
  const dataDir = join(folder, "orphan");
  const broker = await started({ dataDir });
  const orphan = spawn("sleep", ["600"]);
  const ended = new Promise((resolve) => orphan.once("exit", (_code, signal) => resolve(signal)));
  onTestFinished(() => void orphan.kill());
  const identity = identifyProcess(orphan.pid!)!;

  await broker.kill9();
  writeFileSync(join(dataDir, "running.json"), JSON.stringify({ pid: 1, workerd: { ...identity, startedAt: "another time" } }));
  await broker.restart();
  expect(isAlive(orphan.pid!)).toBe(true);

  await broker.kill9();
  writeFileSync(join(dataDir, "running.json"), JSON.stringify({ pid: 1, workerd: identity }));
  await broker.restart();
  expect(await ended).toBe("SIGKILL");
});

test("refuses a data folder that another broker uses", async () => {
  const broker = await started();
  const second = await runStart(["--port", "0", "--data", broker.dataDir]);
  expect(second.code).toBe(1);
  expect(second.output).toContain(`in use by another broker (process ${broker.pid})`);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
});

test("refuses a data folder that cannot be written", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  for (const data of [join(file, "data"), "/proc/sluice"]) {
    const { code, output } = await runStart(["--port", "0", "--data", data]);
    expect(code).toBe(1);
    expect(output).toMatch(/^sluice: the data folder .* cannot be written: .*\n$/);
  }
});

test("refuses a port that is taken", async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, output } = await runStart(["--port", String(port), "--data", join(folder, "port")]);
  expect(code).toBe(1);
  expect(output).toBe(`sluice: port taken: something else listens on 127.0.0.1:${port}; stop it, or give --port another number\n`);
});

test("refuses flags and values that it does not know, in one line that names them", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--prot", "1"], "--prot"],
    [["extra"], "extra"],
    [["--port", "65536"], '"65536"'],
    [["--port=-1"], '"-1"'],
    [["--host", "example"], '"example"'],
    [["--data", ""], "--data"],
    [["--archive", "gs://bucket"], '"gs://bucket"'],
    [["--archive", "s3://bucket/prefix"], "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION"],
  ];
  for (const [args, named] of cases) {
    const { code, output } = await runStart(args);
    expect(code, args.join(" ")).toBe(2);
    expect(output).toContain(named);
    expect(output.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("--help lists every flag", async () => {
  const { code, output } = await runStart(["--help"]);
  expect(code).toBe(0);
  for (const flag of ["--host", "--port", "--data", "--archive"]) expect(output).toContain(flag);
});
