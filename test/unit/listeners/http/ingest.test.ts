// POST /v1/topics/{topic}/ingest and the sources that say who may.

import { beforeEach, describe, expect, test } from "vitest";
import type { ReadResult } from "../../../../src/broker/ports.ts";
import { MAX_INGEST_HEADERS, MAX_INGEST_QUERY_BYTES } from "../../../../src/common/limits/ingest.ts";
import { MAX_BATCH_BYTES } from "../../../../src/common/limits/records.ts";
import { appWithTopic, type TestApp } from "../../../support/http.ts";
import { allowing, type MemorySecurity, memorySecurity } from "../../../support/memory-security.ts";
import { NO_LIMITS, plainCodec } from "../../../support/plain-batches.ts";
import { basic } from "../../../support/secured.ts";
import {
  githubRequest,
  type SignedRequest,
  slackRequest,
  standardRequest,
  stripeRequest,
  WHSEC,
} from "../../../support/webhook-senders.ts";

const ADMIN = { authorization: "Bearer sesame" };
const SECRET = "It's a Secret to Everybody";
const GITHUB = { signature: { scheme: "github", secrets: [SECRET] } };

let app: TestApp;
let memory: MemorySecurity;

beforeEach(async () => {
  memory = memorySecurity();
  const security = memory.security();
  app = await appWithTopic({ open: false, adminToken: "sesame" }, () => security);
});

const read = async (response: Response) => ({ status: response.status, headers: response.headers, body: (await response.json()) as never });
const putSource = async (name: string, body: unknown, headers: Record<string, string> = ADMIN) =>
  read(await app.send("PUT", `/v1/topics/orders/ingest/${name}`, body, headers));
const post = async (path: string, { headers, body }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: BodyInit }) =>
  read(await app.request(`/v1/topics/orders/${path}`, { method: "POST", headers: headers ?? {}, body: body ?? null }));

/** Everything in the topic, the partitions one after the other. */
async function recordsOf(topic = "orders") {
  const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
  const all = [];
  for (const partition of [0, 1]) {
    const request = { topic, partition, start: "earliest", maxBytes: 1e6, minBytes: 0, maxWaitMs: 0, isolation: "read_committed" } as const;
    const { batches } = (await app.broker.fetch(request)) as ReadResult;
    all.push(...plainCodec.decode(new Uint8Array(batches), 0, NO_LIMITS).records);
  }
  return all.map(({ key, value, headers }) => ({
    ...{ key: text(key), value: value === null ? null : Buffer.from(value).toString("latin1") },
    headers: Object.fromEntries(headers.map((header) => [header.key, text(header.value)])),
  }));
}

describe("a query", () => {
  const TOKEN = "a token of sixteen letters and more";
  const shown = encodeURIComponent(TOKEN);
  const byParameter = { signature: { scheme: "token", in: { parameter: "token" }, secrets: [TOKEN] } };

  test("is refused unless the source says otherwise, by its parameter's name and not its value", async () => {
    await putSource("github", GITHUB);
    const request = await githubRequest(SECRET, "1", { a: 1 });
    const refused = await post("ingest/github?key=s3cret", request);
    expect(refused).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST", detail: expect.stringContaining('"key"') } });
    expect(JSON.stringify(refused.body)).not.toContain("s3cret");
    expect(await post("ingest?a=1", { headers: ADMIN })).toMatchObject({ status: 400 });
    expect(await recordsOf()).toEqual([]);
  });

  test("is kept as it was sent where the source says so, but for credentials and what it drops", async () => {
    await putSource("github", { ...GITHUB, query: { drop: ["session"] } });
    const query = "b=%20x&API_KEY=s3cret&a&session=1&b=Za%C5%BC%C3%B3%C5%82%C4%87&access_token=s3cret&a=a%26b";
    expect(await post(`ingest/github?${query}`, await githubRequest(SECRET, "1", {}))).toMatchObject({ status: 202 });
    expect(await recordsOf()).toMatchObject([{ headers: { "sluice.query": "b=%20x&a&b=Za%C5%BC%C3%B3%C5%82%C4%87&a=a%26b" } }]);
  });

  test("of more bytes than are kept is refused, and nothing is written", async () => {
    await putSource("github", { ...GITHUB, query: {} });
    const path = `ingest/github?a=${"x".repeat(MAX_INGEST_QUERY_BYTES)}`;
    expect(await post(path, await githubRequest(SECRET, "1", {}))).toMatchObject({ status: 400, body: { code: "INVALID_RECORD" } });
    expect(await recordsOf()).toEqual([]);
  });

  test("can have the source's token, which needs no other credential and is not kept", async () => {
    await putSource("shop", byParameter);
    expect(await post(`ingest/shop?token=${shown}`, { body: "1" })).toMatchObject({ status: 202 });
    expect(await post(`ingest/shop?token=${shown}&more=1`, { body: "2" })).toMatchObject({ status: 400 });
    await putSource("shop", { ...byParameter, query: {} });
    expect(await post(`ingest/shop?more=1&token=${shown}`, { body: "3" })).toMatchObject({ status: 202 });
    expect((await recordsOf()).map(({ value, headers }) => [value, headers["sluice.query"]]).sort()).toEqual([
      ["1", undefined],
      ["3", "more=1"],
    ]);
  });

  test("with another token, or none, is refused, also to who has the broker's; a new token takes the place of the one before", async () => {
    await putSource("shop", byParameter);
    for (const [query, detail] of [
      ["", "the query's token is missing"],
      ["?token=", "is not a token"],
      [`?token=${shown}x`, "is not a token"],
      [`?TOKEN=${shown}`, "is missing"],
    ] as const) {
      const refused = await post(`ingest/shop${query}`, { headers: ADMIN, body: "1" });
      expect(refused).toMatchObject({ status: 401, body: { detail: expect.stringContaining(detail) } });
      expect(JSON.stringify(refused.body)).not.toContain(TOKEN);
    }
    const secret = "another of sixteen letters and more";
    await app.send("POST", "/v1/topics/orders/ingest/shop/rotate-secret", { secret, overlapMs: 0 }, ADMIN);
    expect(await post(`ingest/shop?token=${shown}`, { body: "1" })).toMatchObject({ status: 401 });
    expect(await post(`ingest/shop?token=${encodeURIComponent(secret)}`, { body: "1" })).toMatchObject({ status: 202 });
    expect(await recordsOf()).toHaveLength(1);
  });

  test("that asks whether the URL is the sender's to call is answered with what it asks, as text, once the sender is known", async () => {
    await putSource("graph", { ...byParameter, query: { echo: "validationToken" } });
    const ask = (token: string) =>
      app.request(`/v1/topics/orders/ingest/graph?token=${token}&validationToken=a%20b%3Cc%3E`, { method: "POST" });
    const answered = await ask(shown);
    expect([answered.status, await answered.text()]).toEqual([200, "a b<c>"]);
    expect(answered.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answered.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await ask("wrong")).status).toBe(401);
    expect(await recordsOf()).toEqual([]);
  });
});

test("a token in a header is the credential of a sender that signs nothing, and is not kept", async () => {
  const signature = { scheme: "token", in: { header: "X-Shop-Token" }, secrets: ["sixteen letters!"] };
  expect(await putSource("shop", { signature })).toMatchObject({ body: { signature: { in: { header: "x-shop-token" } } } });
  expect(await post("ingest/shop", { body: "1" })).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining("x-shop-token") },
  });
  expect(await post("ingest/shop", { headers: { "x-shop-token": "sixteen letters!", "x-event": "sold" }, body: "1" })).toMatchObject({
    status: 202,
  });
  const [record] = await recordsOf();
  expect(record!.headers).toMatchObject({ "x-event": "sold", "sluice.source": "shop" });
  expect(Object.keys(record!.headers)).not.toContain("x-shop-token");
});

describe("a signed source", () => {
  test("takes a webhook without a token: body and headers kept, credentials not, the id as the key", async () => {
    await putSource("github", GITHUB);
    const { headers, body } = await githubRequest(SECRET, "72d3162e", { zen: "Zażółć", ref: "refs/heads/main" });
    const sent = await post("ingest/github", { headers: { ...headers, cookie: "a=b", "cf-ray": "1", "sluice.source": "x" }, body });
    expect(sent).toMatchObject({ status: 202, body: { topic: "orders", partition: expect.any(Number), offset: 0, duplicate: false } });
    const [record, ...others] = await recordsOf();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ key: "72d3162e", value: Buffer.from(body).toString("latin1") });
    expect(record!.headers).toEqual({ ...headers, "sluice.source": "github", "sluice.event.id": "72d3162e" });
  });

  test("takes GitHub's ping as any event", async () => {
    await putSource("default", GITHUB);
    expect(await post("ingest", await githubRequest(SECRET, "1", { zen: "z" }, "ping"))).toMatchObject({ status: 202 });
    expect(await recordsOf()).toMatchObject([{ headers: { "x-github-event": "ping", "sluice.source": "default" } }]);
  });

  test("refuses what is not signed, is changed, or signed with another secret; nothing is written", async () => {
    await putSource("github", GITHUB);
    const signed = await githubRequest(SECRET, "1", { a: 1 });
    const { "x-hub-signature-256": _gone, ...unsigned } = signed.headers as Record<string, string>;
    for (const [request, detail] of [
      [{ ...signed, headers: unsigned }, "x-hub-signature-256 is missing"],
      [{ ...signed, body: `${signed.body} ` }, "does not match"],
      [await githubRequest("another", "1", { a: 1 }), "does not match"],
      [{ ...signed, headers: { ...unsigned, ...ADMIN } }, "x-hub-signature-256 is missing"],
    ] as const) {
      const refused = await post("ingest/github", request);
      expect(refused).toMatchObject({ status: 401, body: { code: "SASL_AUTHENTICATION_FAILED", detail: expect.stringContaining(detail) } });
      expect(refused.headers.get("www-authenticate")).toBe('Webhook-Signature scheme="github"');
    }
    expect(await recordsOf()).toEqual([]);
  });

  test("writes an event once, however often it is sent, and another source's of the same id as well", async () => {
    await putSource("github", GITHUB);
    await putSource("other", GITHUB);
    const request = await githubRequest(SECRET, "1", { a: 1 });
    const first = await post("ingest/github", request);
    const again = await post("ingest/github", request);
    expect(again).toMatchObject({ status: 202, body: { ...(first.body as object), duplicate: true } });
    expect(await post("ingest/other", request)).toMatchObject({ body: { duplicate: false } });
    expect((await recordsOf()).map(({ headers }) => headers["sluice.source"])).toEqual(["github", "other"]);
  });

  test("takes Stripe's, Slack's and Standard Webhooks' as they sign them, each by its own id", async () => {
    await putSource("stripe", { signature: { scheme: "stripe", secrets: ["whsec_test"] }, key: { pointer: "/data/object/customer" } });
    await putSource("slack", { signature: { scheme: "slack", secrets: ["signing"] } });
    await putSource("standard", { signature: { scheme: "standard", secrets: [WHSEC] } });
    const requests: [string, SignedRequest][] = [
      ["stripe", await stripeRequest(["old", "whsec_test"], { id: "evt_1", data: { object: { customer: "cus_1" } } })],
      ["slack", await slackRequest("signing", { type: "event_callback", event_id: "Ev1" })],
      ["standard", await standardRequest(WHSEC, "msg_1", { type: "contact.created" })],
    ];
    for (const [source, request] of requests) {
      expect(await post(`ingest/${source}`, request), source).toMatchObject({ status: 202, body: { duplicate: false } });
      expect(await post(`ingest/${source}`, request), source).toMatchObject({ status: 202, body: { duplicate: true } });
    }
    const named = (await recordsOf()).map(({ key, headers }) => [headers["sluice.source"], key, headers["sluice.event.id"]]);
    expect(named.sort()).toEqual([
      ["slack", "Ev1", "Ev1"],
      ["standard", "msg_1", "msg_1"],
      ["stripe", "cus_1", "evt_1"],
    ]);
  });

  test("refuses a replay from beyond its tolerance", async () => {
    await putSource("slack", { signature: { scheme: "slack", secrets: ["signing"] }, toleranceMs: 60_000 });
    const stale = await slackRequest("signing", { event_id: "Ev1" }, Date.now() - 62_000);
    expect(await post("ingest/slack", stale)).toMatchObject({ status: 401, body: { detail: expect.stringContaining("60000 ms") } });
  });

  test("answers Slack's challenge where it is signed, and writes nothing", async () => {
    await putSource("slack", { signature: { scheme: "slack", secrets: ["signing"] } });
    const ask = async (secret: string) =>
      post("ingest/slack", await slackRequest(secret, { type: "url_verification", challenge: "3eZbrw1a" }));
    expect(await ask("signing")).toMatchObject({ status: 200, body: { challenge: "3eZbrw1a" } });
    expect(await ask("wrong")).toMatchObject({ status: 401 });
    expect(await recordsOf()).toEqual([]);
  });

  test("keeps the bytes of a body that is no text, is compressed, or is empty", async () => {
    await putSource("any", { signature: null });
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const gzipped = new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    await post("ingest/any", { headers: ADMIN, body: bytes });
    await post("ingest/any", { headers: { ...ADMIN, "content-encoding": "gzip" }, body: gzipped });
    await post("ingest/any", { headers: ADMIN });
    const values = (await recordsOf()).map(({ value }) => value);
    expect(values).toEqual([Buffer.from(bytes).toString("latin1"), Buffer.from(gzipped).toString("latin1"), ""]);
  });

  test("whatever it accepts is answered in JSON", async () => {
    await putSource("github", GITHUB);
    const { headers, body } = await githubRequest(SECRET, "1", {});
    const answered = await post("ingest/github", { headers: { ...headers, accept: "text/html" }, body });
    expect(answered.status).toBe(202);
    expect(answered.headers.get("content-type")).toBe("application/json");
  });

  test("bounds the body and the headers", async () => {
    await putSource("github", GITHUB);
    const { headers, body } = await githubRequest(SECRET, "1", {});
    const many = Object.fromEntries(Array.from({ length: MAX_INGEST_HEADERS }, (_, index) => [`x-${index}`, "v"]));
    expect(await post("ingest/github", { headers: { ...headers, ...many }, body })).toMatchObject({
      status: 400,
      body: { code: "INVALID_RECORD" },
    });
    const large = { headers: { ...headers, "content-length": String(MAX_BATCH_BYTES + 1) }, body };
    expect(await post("ingest/github", large)).toMatchObject({ status: 413 });
    expect(await post("ingest/github", { headers, body: new Uint8Array(MAX_BATCH_BYTES + 1) })).toMatchObject({ status: 413 });
    expect(await recordsOf()).toEqual([]);
  });

  test("says when its topic cannot take the record, so that the sender comes again", async () => {
    await putSource("github", GITHUB);
    for (const partition of [0, 1]) {
      Object.assign(app.broker.partition("orders", partition), { refusal: { error: "LEADER_NOT_AVAILABLE", detail: "It moves." } });
    }
    const refused = await post("ingest/github", await githubRequest(SECRET, "1", {}));
    expect(refused).toMatchObject({ status: 503, body: { code: "LEADER_NOT_AVAILABLE", retriable: true } });
    expect(refused.headers.get("retry-after")).toBe("1");
    for (const partition of [0, 1]) Object.assign(app.broker.partition("orders", partition), { refusal: undefined });
    expect(await post("ingest/github", await githubRequest(SECRET, "1", {}))).toMatchObject({ status: 202, body: { duplicate: false } });
  });

  test("is charged to its own quota, and only for what is signed", async () => {
    await putSource("github", GITHUB);
    const limit = { user: "Source:orders/github", values: { request_rate: 0.05 } };
    expect((await app.send("PUT", "/v1/quotas", limit, ADMIN)).status).toBe(204);
    await app.get("/v1/cluster", ADMIN);
    for (let i = 0; i < 5; i++) expect((await post("ingest/github", await githubRequest("wrong", String(i), {}))).status).toBe(401);
    expect((await post("ingest/github", await githubRequest(SECRET, "a", {}))).status).toBe(202);
    expect((await post("ingest/github", await githubRequest(SECRET, "b", {}))).status).toBe(429);
  });
});

describe("a source without a signature", () => {
  test("needs a token that may write, as any produce does; the default need not be made", async () => {
    await memory.putUser("reader", "pw", [allowing("reader", "READ", "TOPIC", "orders")]);
    await memory.putUser("writer", "pw", [allowing("writer", "WRITE", "TOPIC", "orders")]);
    const as = (user: string) => ({ authorization: basic(user, "pw") });
    const body = '{"a":1}';
    const refused = await post("ingest", { body });
    expect(refused).toMatchObject({ status: 401 });
    expect(refused.headers.get("www-authenticate")).toContain("Bearer");
    expect(await post("ingest", { headers: as("reader"), body })).toMatchObject({
      status: 403,
      body: { code: "TOPIC_AUTHORIZATION_FAILED" },
    });
    expect(await post("ingest", { headers: as("writer"), body })).toMatchObject({ status: 202, body: { duplicate: false } });
    expect(await recordsOf()).toMatchObject([{ key: null, value: body, headers: { "sluice.source": "default" } }]);
    expect((await recordsOf())[0]!.headers).not.toHaveProperty("authorization");
  });

  test("may know events again by a header", async () => {
    await putSource("plain", { id: { header: "X-Event-Id" } });
    const send = () => post("ingest/plain", { headers: { ...ADMIN, "x-event-id": "7" }, body: "a" });
    expect(await send()).toMatchObject({ body: { duplicate: false } });
    expect(await send()).toMatchObject({ body: { duplicate: true } });
  });

  test("that there is not, tells so only who has a token", async () => {
    expect(await post("ingest/nobody", { body: "a" })).toMatchObject({ status: 401 });
    expect(await post("ingest/nobody", { headers: ADMIN, body: "a" })).toMatchObject({ status: 404, body: { code: "RESOURCE_NOT_FOUND" } });
    const elsewhere = await app.request("/v1/topics/none/ingest", { method: "POST", headers: ADMIN, body: "a" });
    expect(await read(elsewhere)).toMatchObject({ status: 404, body: { code: "UNKNOWN_TOPIC_OR_PARTITION" } });
  });
});

describe("on an open broker", () => {
  const foreign = { host: "hooks.example.com", origin: "https://evil.example", "sec-fetch-site": "cross-site" };

  test("a signed webhook comes by any name, anything else by loopback alone", async () => {
    app = await appWithTopic();
    await putSource("github", GITHUB, {});
    const { headers, body } = await githubRequest(SECRET, "1", {});
    expect(await post("ingest/github", { headers: { ...headers, ...foreign }, body })).toMatchObject({ status: 202 });
    expect(await post("ingest", { headers: foreign, body })).toMatchObject({ status: 403 });
    expect(await post("ingest", { body })).toMatchObject({ status: 202 });
    expect(await putSource("github", GITHUB, foreign)).toMatchObject({ status: 403 });
  });

  test("a closed one takes no webhooks", async () => {
    app = await appWithTopic({ open: false, adminToken: null });
    expect(await post("ingest/github", await githubRequest(SECRET, "1", {}))).toMatchObject({ status: 503 });
  });
});

describe("sources", () => {
  test("are made, told without their secrets, changed, listed and deleted", async () => {
    const made = await putSource("github", { ...GITHUB, key: { header: "X-GitHub-Event" }, dropHeaders: ["X-Internal"] });
    const expected = {
      ...{ topic: "orders", name: "github", path: "/v1/topics/orders/ingest/github" },
      signature: { scheme: "github", secrets: [{ validUntil: null }] },
      ...{ toleranceMs: 300_000, id: "scheme", key: { header: "x-github-event" }, dedupWindowMs: 86_400_000, dropHeaders: ["x-internal"] },
      createdAt: expect.any(Number),
    };
    expect(made).toMatchObject({ status: 201, body: expected });
    expect(made.headers.get("location")).toBe("/v1/topics/orders/ingest/github");
    const hmac = { scheme: "hmac", secrets: ["s"], header: "X-Sig", encoding: "base64" };
    expect(await putSource("plain", { signature: hmac })).toMatchObject({
      status: 201,
      body: { signature: { scheme: "hmac", header: "x-sig", algorithm: "sha256", encoding: "base64", prefix: "" } },
    });
    expect(await read(await app.get("/v1/topics/orders/ingest/github", ADMIN))).toMatchObject({ status: 200, body: expected });
    const listed = await (await app.get("/v1/topics/orders/ingest", ADMIN)).text();
    expect((JSON.parse(listed) as { sources: { name: string }[] }).sources.map(({ name }) => name)).toEqual(["github", "plain"]);
    expect(listed).not.toContain("Everybody");
    expect(await putSource("github", { signature: { scheme: "github" } })).toMatchObject({ status: 200, body: { dropHeaders: [] } });
    expect(await post("ingest/github", await githubRequest(SECRET, "1", {}))).toMatchObject({ status: 202 });
    expect((await app.request("/v1/topics/orders/ingest/github", { method: "DELETE", headers: ADMIN })).status).toBe(204);
    expect(await post("ingest/github", await githubRequest(SECRET, "2", {}))).toMatchObject({ status: 401 });
    expect(await read(await app.get("/v1/topics/orders/ingest/github", ADMIN))).toMatchObject({ status: 404 });
  });

  test("take signatures by the old secret and the new one while they are rotated", async () => {
    await putSource("github", GITHUB);
    const rotate = (overlapMs: number, secret: string) =>
      app.send("POST", "/v1/topics/orders/ingest/github/rotate-secret", { secret, overlapMs }, ADMIN);
    const told = await read(await rotate(60_000, "new"));
    expect(told).toMatchObject({
      status: 200,
      body: { signature: { secrets: [{ validUntil: null }, { validUntil: expect.any(Number) }] } },
    });
    const statuses = async () => {
      const requests = [await githubRequest(SECRET, "1", {}), await githubRequest("new", "1", {})];
      const sent = requests.map((request) => post("ingest/github", request));
      return (await Promise.all(sent)).map(({ status }) => status);
    };
    expect(await statuses()).toEqual([202, 202]);
    await rotate(0, "new");
    expect(await statuses()).toEqual([401, 202]);
  });

  test.each([
    [{ signature: { scheme: "github" } }, "UNACCEPTABLE_CREDENTIAL"],
    [{ signature: { scheme: "github", secrets: [] } }, "INVALID_REQUEST"],
    [{ signature: { scheme: "rot13", secrets: ["x"] } }, "INVALID_REQUEST"],
    [{ signature: { scheme: "github", secrets: ["x"], header: "x" } }, "INVALID_REQUEST"],
    [{ signature: { scheme: "hmac", secrets: ["x"] } }, "INVALID_REQUEST"],
    [{ signature: { scheme: "standard", secrets: ["x"] } }, "UNACCEPTABLE_CREDENTIAL"],
    [{ key: { pointer: "no/slash" } }, "INVALID_REQUEST"],
    [{ key: { header: "a b" } }, "INVALID_REQUEST"],
    [{ dedupWindowMs: 0 }, "INVALID_REQUEST"],
    [{ toleranceMs: 1e9 }, "INVALID_REQUEST"],
    [{ unknown: 1 }, "INVALID_REQUEST"],
  ])("%j is refused, and leaves what there is", async (body, code) => {
    expect(await putSource("github", body)).toMatchObject({ status: 400, body: { code } });
    expect(await (await app.get("/v1/topics/orders/ingest", ADMIN)).json()).toEqual({ sources: [] });
  });

  test("are changed by who may change the topic and write to it, and seen by who may see its configs", async () => {
    const rights = [allowing("ops", "ALTER_CONFIGS", "TOPIC", "orders"), allowing("ops", "WRITE", "TOPIC", "orders")];
    await memory.putUser("ops", "pw", rights);
    await memory.putUser(
      "half",
      "pw",
      rights.slice(0, 1).map((right) => ({ ...right, principal: "User:half" })),
    );
    await memory.putUser("writer", "pw", [allowing("writer", "WRITE", "TOPIC", "orders")]);
    const as = (user: string) => ({ authorization: basic(user, "pw") });
    expect(await putSource("github", GITHUB, as("half"))).toMatchObject({ status: 403 });
    expect(await putSource("github", GITHUB, as("ops"))).toMatchObject({ status: 201 });
    const remove = (user: string) => app.request("/v1/topics/orders/ingest/github", { method: "DELETE", headers: as(user) });
    expect((await remove("half")).status).toBe(403);
    expect((await app.get("/v1/topics/orders/ingest", as("nobody"))).status).toBe(401);
    expect((await app.get("/v1/topics/orders/ingest", as("half"))).status).toBe(200); // who may alter configs may describe them
    expect((await app.get("/v1/topics/orders/ingest", as("writer"))).status).toBe(403);
    expect((await remove("ops")).status).toBe(204);
  });

  test("of a topic that there is not cannot be made", async () => {
    const refused = await app.send("PUT", "/v1/topics/none/ingest/a", GITHUB, ADMIN);
    expect(await read(refused)).toMatchObject({ status: 404, body: { code: "UNKNOWN_TOPIC_OR_PARTITION" } });
  });
});
