import { afterEach, expect, test, vi } from "vitest";
import { appWithTopic, testApp } from "../../../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("answers an unknown route with a 404 problem", async () => {
  const response = await testApp().get("/v1/nothing");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    title: "Not Found",
    status: 404,
    code: "INVALID_REQUEST",
    errorCode: 42,
    retriable: false,
  });
});

test("answers another method with 405 and what is allowed", async () => {
  const app = await appWithTopic();
  const response = await app.send("PUT", "/v1/topics/orders", {});
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD, PATCH, DELETE");
  expect((await app.send("OPTIONS", "/v1/fetch", "")).headers.get("allow")).toBe("POST");
});

test("gives MessagePack where Accept wants it most, JSON where it does not say", async () => {
  const app = testApp();
  const typeFor = async (accept: string) => (await app.get("/v1/cluster", { accept })).headers.get("content-type");
  expect(await typeFor("application/vnd.msgpack")).toBe("application/msgpack");
  expect(await typeFor("application/json;q=0.5, application/msgpack")).toBe("application/msgpack");
  expect(await typeFor("text/html, */*;q=0.1")).toBe("application/json");
  expect(await typeFor("application/*")).toBe("application/json");
  expect(await typeFor("application/json;q=0, */*")).toBe("application/msgpack");
});

test("refuses with 406, before anything is written, what cannot be given", async () => {
  const app = await appWithTopic();
  const response = await app.send("POST", "/v1/topics/orders/records", { records: [{ value: 1 }] }, { accept: "text/html" });
  expect(response.status).toBe(406);
  expect(app.broker.partition("orders", 0)).toMatchObject({ highWatermark: 0 });
});

test("every answer carries the request's id, or a new one", async () => {
  const app = testApp();
  expect((await app.get("/healthz", { "x-request-id": "a-1.b:2" })).headers.get("x-request-id")).toBe("a-1.b:2");
  const made = new Set<string | null>();
  for (const id of ["has space", "x".repeat(129), "<script>"]) {
    const given = (await app.get("/nothing", { "x-request-id": id })).headers.get("x-request-id");
    expect(given).toMatch(/^[0-9a-f-]{36}-\d+$/);
    made.add(given);
  }
  expect(made.size).toBe(3);
});

test("refuses a query parameter that does not exist, rather than ignore it", async () => {
  const response = await testApp().get("/v1/topics?limt=3");
  expect(response.status).toBe(400);
  expect(((await response.json()) as { detail: string }).detail).toContain("limt");
});

test.each([
  [{ overloaded: true, retryable: true }, 503, "LEADER_NOT_AVAILABLE"],
  [{ retryable: true }, 503, "NETWORK_EXCEPTION"],
  [{ durableObjectReset: true }, 503, "NETWORK_EXCEPTION"],
])("passes on the platform's %j as 503", async (flags, status, code) => {
  const app = testApp();
  app.broker.clusterId = () => Promise.reject(Object.assign(new Error("internals"), flags));
  const response = await app.get("/v1/cluster");
  expect(response.status).toBe(status);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ code, retriable: true });
});

test("a bug is a 500 without internals, and one line in the log", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  const app = testApp();
  app.broker.clusterId = () => Promise.reject(new Error("SELECT secret"));
  const response = await app.get("/v1/cluster", { "x-request-id": "r1" });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(logged).toHaveBeenCalledOnce();
  expect(JSON.parse(logged.mock.calls[0]![0] as string)).toMatchObject({
    level: "error",
    event: "http.unexpected",
    requestId: "r1",
    request: "GET /v1/cluster",
    message: "SELECT secret",
  });
});

test("tells limits and features", async () => {
  const cluster = await (await testApp().get("/v1/cluster")).json();
  expect(cluster).toMatchObject({ version: "0.0.0-test", limits: { maxBodyBytes: 24 << 20, maxWaitMs: 60_000 } });
  expect((cluster as { features: string[] }).features).toContain("websocket");
});
