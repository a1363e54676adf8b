// What a live tail reads, and when it ends, over a broker that the test speaks for.

import { expect, test } from "vitest";
import { createClient } from "../../../src/sdk/client.ts";
import { readEvents } from "../../../src/sdk/consumer/event-stream.ts";
import { tail } from "../../../src/sdk/consumer/tail.ts";
import { socketMessages } from "../../../src/sdk/consumer/tail-socket.ts";

const NEVER = new AbortController().signal;

test("an event's data may have any character that JSON leaves as it is, U+2028 and U+2029 too", async () => {
  const data = JSON.stringify({ headers: [{ key: "a\u2028b\u2029c" }] });
  const stream = new Blob([`: a comment\n\nid: 1\ndata: ${data}\n\n`]).stream();
  const events = [];
  for await (const event of readEvents(stream, NEVER)) events.push(event);
  expect(events).toEqual([{ event: "message", data }]);
});

test("a WebSocket whose signal was aborted while it was opened gives nothing, and is closed", async () => {
  const socket = Object.assign(new EventTarget(), { readyState: 0, send: () => {}, closed: 0, close: () => void socket.closed++ });
  const messages = socketMessages(socket as unknown as WebSocket, AbortSignal.abort());
  expect((await messages.next()).done).toBe(true);
  expect(socket.closed).toBe(1);
});

test("a tail whose signal is aborted ends though the question for its start is never answered", async () => {
  const stop = new AbortController();
  const asked = Promise.withResolvers<void>();
  const fetch = () => {
    asked.resolve();
    return new Promise<Response>(() => {});
  };
  const records = tail(createClient({ fetch }), { topic: "t", partition: 0, signal: stop.signal });
  const next = records.next();
  await asked.promise;
  stop.abort();
  expect((await next).done).toBe(true);
});
