import { expect, onTestFinished, test, vi } from "vitest";
import { type ClientOptions, createClient, type Fetch } from "../../../src/sdk/client.ts";
import { AuthenticationError, NetworkError, type SluiceError, TimeoutError } from "../../../src/sdk/errors.ts";

const QUICK = { initialMs: 1, maxMs: 2 };
type Step = Response | Error | "never";

/** Answers in turn, the last one for ever; notes what was asked. */
function scripted(...steps: Step[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const answer: Fetch = async (url, init) => {
    asked.push({ url, init });
    const step = steps.length > 1 ? steps.shift()! : steps[0]!;
    if (step === "never") return new Promise<never>(() => {});
    if (step instanceof Error) throw step;
    return step.clone();
  };
  return { asked, client: (options: ClientOptions = {}) => createClient({ fetch: answer, backoff: QUICK, ...options }) };
}

const ok = (body: unknown = { fine: true }) => Response.json(body);
const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) =>
  Response.json(
    { title: code, status, detail: "told so", code, retriable: status === 503 || status === 429, ...more },
    { status, headers },
  );

test("asks with the token, the client id, JSON and the query", async () => {
  const { asked, client } = scripted(ok());
  const one = client({ url: "http://broker/", token: async () => "secret", clientId: "me" });
  await one.call("POST", "/v1/x", { body: { a: 1 }, query: { limit: 3, flag: true, absent: undefined } });
  expect(asked[0]).toMatchObject({
    url: "http://broker/v1/x?limit=3&flag=true",
    init: { method: "POST", body: '{"a":1}', headers: { authorization: "Bearer secret", "x-client-id": "me" } },
  });
});

test("a service binding is asked through its fetch", async () => {
  const binding = { answer: ok({ by: "binding" }), fetch: (url: string) => (binding.answer.url === url ? ok() : binding.answer) };
  expect(await createClient({ binding }).call("GET", "/v1/cluster")).toEqual({ by: "binding" });
});

test("a client that can reach nothing is a mistake", () => {
  expect(() => createClient({})).toThrow(TypeError);
});

test("what is retriable is asked again, what is not is thrown", async () => {
  const flaky = scripted(problem(503, "LEADER_NOT_AVAILABLE"), new TypeError("reset"), new Response("gateway", { status: 502 }), ok());
  expect(await flaky.client().call("GET", "/")).toEqual({ fine: true });
  expect(flaky.asked).toHaveLength(4);

  const refused = scripted(problem(400, "INVALID_CONFIG"), ok());
  await expect(refused.client().call("GET", "/")).rejects.toMatchObject({
    ...{ name: "SluiceError", code: "INVALID_CONFIG", errorCode: 40, retriable: false, status: 400 },
    message: "INVALID_CONFIG: told so",
  });
  const missing = scripted(problem(404, "UNKNOWN_TOPIC_OR_PARTITION", { retriable: true }), ok());
  await expect(missing.client().call("GET", "/")).rejects.toMatchObject({ retriable: true, status: 404 });
  await expect(scripted(problem(401, "SASL_AUTHENTICATION_FAILED")).client().call("GET", "/")).rejects.toThrow(AuthenticationError);
  expect([refused.asked.length, missing.asked.length]).toEqual([1, 1]);
});

test("what would happen twice is not asked again once its outcome is in doubt", async () => {
  const lost = scripted(new TypeError("reset"), ok());
  await expect(lost.client().call("POST", "/", { isRepeatable: false })).rejects.toThrow(NetworkError);
  const refused = scripted(problem(429, "THROTTLING_QUOTA_EXCEEDED"), ok());
  expect(await refused.client().call("POST", "/", { isRepeatable: false })).toEqual({ fine: true });
});

test("the broker's Retry-After is the least wait: beyond the time for all, the error is thrown at once", async () => {
  const { asked, client } = scripted(problem(429, "THROTTLING_QUOTA_EXCEEDED", {}, { "retry-after": "3600" }), ok());
  await expect(client().call("GET", "/")).rejects.toMatchObject({ code: "THROTTLING_QUOTA_EXCEEDED", retryAfterMs: 3_600_000 });
  expect(asked).toHaveLength(1);
});

test("an answer that does not come is a timeout, each time, until the time for all is over", async () => {
  const { asked, client } = scripted("never");
  await expect(client({ requestTimeoutMs: 5, apiTimeoutMs: 60 }).call("GET", "/")).rejects.toThrow(TimeoutError);
  expect(asked.length).toBeGreaterThan(1);
});

test("an aborted signal ends a call with its reason: before it, under way, and between two attempts", async () => {
  const reason = new Error("not wanted any more");
  const before = scripted(ok());
  await expect(before.client().call("GET", "/", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(before.asked).toHaveLength(0);

  for (const step of ["never", new TypeError("reset")] as const) {
    const controller = new AbortController();
    const { asked, client } = scripted(step);
    const call = client({ backoff: { initialMs: 30_000, maxMs: 30_000 } }).call("GET", "/", { signal: controller.signal });
    await Promise.resolve();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(asked.length).toBeLessThanOrEqual(1);
  }
});

test("what answers in the broker's stead is a broken connection, with the status and the beginning of what it said", async () => {
  const { client } = scripted(new Response("<html>blocked</html>", { status: 403 }));
  const error = await client()
    .call("GET", "/")
    .catch((thrown: unknown) => thrown as SluiceError);
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ status: 403, retriable: false, isInDoubt: true });
  expect((error as SluiceError).message).toContain("<html>blocked");
});

test("a code that this version does not know keeps what it says of itself", async () => {
  const { client } = scripted(problem(409, "SOMETHING_NEW", { retriable: false }));
  await expect(client().call("GET", "/")).rejects.toMatchObject({ code: "UNKNOWN_SERVER_ERROR", problem: { code: "SOMETHING_NEW" } });
});

test("a call whose one answer may take longer than apiTimeoutMs gets that long", async () => {
  const timers: number[] = [];
  const { setTimeout: real } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms: number) => {
    timers.push(ms);
    return real(work, ms);
  }) as typeof setTimeout);
  onTestFinished(() => void vi.restoreAllMocks());
  await scripted(ok()).client().call("POST", "/", { timeoutMs: 75_000 });
  expect(timers[0]).toBe(75_000);
});

test("a token that does not come is not waited for any longer than an answer", async () => {
  const { client, asked } = scripted(ok());
  const never = () => new Promise<string>(() => {});
  await expect(client({ token: never, requestTimeoutMs: 5, apiTimeoutMs: 20 }).call("GET", "/")).rejects.toThrow(TimeoutError);
  expect(asked).toHaveLength(0);
});

test("a time that no timer can wait for is refused by name: it would be over at once", () => {
  for (const ms of [Number.POSITIVE_INFINITY, 2 ** 31, Number.NaN, 0]) {
    expect(() => scripted(ok()).client({ requestTimeoutMs: ms })).toThrow("requestTimeoutMs");
    expect(() => scripted(ok()).client({ apiTimeoutMs: ms })).toThrow("apiTimeoutMs");
  }
});
