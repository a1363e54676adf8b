import { expect, test } from "vitest";
import { untilGone } from "../../../../src/listeners/kafka/until-gone.ts";

test("a call is answered while the client is there", async () => {
  expect(await untilGone(Promise.resolve(7), new AbortController().signal)).toBe(7);
  await expect(untilGone(Promise.reject(new Error("broken")), new AbortController().signal)).rejects.toThrow("broken");
});

test("the wait ends with the client, whether it goes during the call or was gone before", async () => {
  const client = new AbortController();
  const waiting = untilGone(new Promise(() => undefined), client.signal);
  client.abort();
  expect(await waiting).toMatchObject({ error: "NETWORK_EXCEPTION" });
  expect(await untilGone(new Promise(() => undefined), client.signal)).toMatchObject({ error: "NETWORK_EXCEPTION" });
});
