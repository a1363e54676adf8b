import { expect, test } from "vitest";
import { type TestApp, testApp } from "../../../support/http.ts";

const CLOSED = { open: false, adminToken: "s3cret" };

async function statusWith(app: TestApp, headers: Record<string, string>, path = "/v1/cluster"): Promise<number> {
  return (await app.get(path, headers)).status;
}

test("takes the token as Bearer, and as the password of Basic", async () => {
  const app = testApp(CLOSED);
  expect(await statusWith(app, { authorization: "Bearer s3cret" })).toBe(200);
  expect(await statusWith(app, { authorization: "bearer s3cret" })).toBe(200);
  expect(await statusWith(app, { authorization: `Basic ${btoa("anyone:s3cret")}` })).toBe(200);
});

test.each([
  {},
  { authorization: "Bearer" },
  { authorization: "Bearer wrong" },
  { authorization: "Bearer s3cret2" },
  { authorization: "s3cret" },
  { authorization: "Digest s3cret" },
  { authorization: "Basic !!!" },
  { authorization: `Basic ${btoa("s3cret:wrong")}` },
])("refuses %j with 401 and a challenge", async (headers) => {
  const response = await testApp(CLOSED).get("/v1/cluster", headers as Record<string, string>);
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toContain("Bearer");
  expect(await response.json()).toMatchObject({ code: "SASL_AUTHENTICATION_FAILED", retriable: false });
});

test("health and documentation need no token", async () => {
  const app = testApp(CLOSED);
  for (const path of ["/healthz", "/openapi.json", "/docs"]) expect(await statusWith(app, {}, path)).toBe(200);
});

test("takes access_token on the live tails alone", async () => {
  const app = testApp(CLOSED);
  await app.broker.createTopic({ name: "orders" });
  const records = "/v1/topics/orders/partitions/0/records?access_token=";
  const accept = "text/event-stream";
  expect(await statusWith(app, { accept }, `${records}s3cret`)).toBe(200);
  expect(await statusWith(app, { accept }, `${records}wrong`)).toBe(401);
  expect(await statusWith(app, {}, `${records}s3cret`)).toBe(401);
  expect(await statusWith(app, { upgrade: "other" }, "/v1/topics/orders/tail?access_token=s3cret")).toBe(426);
  expect(await statusWith(app, { accept }, "/v1/cluster?access_token=s3cret")).toBe(401);
});

test("a broker without a token is closed, and says what to set", async () => {
  const app = testApp({ open: false, adminToken: "" });
  for (const path of ["/v1/cluster", "/docs", "/nothing"]) {
    const response = await app.get(path, { authorization: "Bearer " });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(((await response.json()) as { detail: string }).detail).toContain("SLUICE_ADMIN_TOKEN");
  }
  expect(await statusWith(app, {}, "/healthz")).toBe(200);
});

test.each(["localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "LOCALHOST:1"])(
  "an open broker serves the host %s",
  async (host) => {
    expect(await statusWith(testApp(), { host })).toBe(200);
  },
);

test.each(["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8787", "10.0.0.1"])(
  "an open broker refuses the host %s",
  async (host) => {
    const response = await testApp().get("/v1/cluster", { host });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "CLUSTER_AUTHORIZATION_FAILED" });
  },
);

test("an open broker refuses writes and sockets of foreign pages, and lets local ones through", async () => {
  const app = testApp();
  const write = (headers: Record<string, string>) => app.send("POST", "/v1/topics?validateOnly=true", { name: "t" }, headers);
  expect((await write({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await write({ origin: "https://evil.example" })).status).toBe(403);
  expect((await write({ origin: "null" })).status).toBe(403);
  expect((await write({ origin: "http://localhost:3000", "sec-fetch-site": "same-site" })).status).toBe(200);
  expect((await write({})).status).toBe(200);
  expect(await statusWith(app, { upgrade: "websocket", origin: "https://evil.example" }, "/v1/topics/t/tail")).toBe(403);
  expect(await statusWith(app, { "sec-fetch-site": "cross-site" })).toBe(200);
});
