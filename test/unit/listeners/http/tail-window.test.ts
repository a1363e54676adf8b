// How far a live tail goes ahead of its client.

import { expect, test } from "vitest";
import {
  MAX_CROWDED_TAIL_BYTES,
  MAX_UNTOLD_TAIL_BYTES,
  MAX_UNTOLD_TAILS_BYTES,
  SOCKET_WINDOW_BYTES,
} from "../../../../src/common/limits/websockets.ts";
import { TailWindow } from "../../../../src/listeners/http/tail-window.ts";

const HALF = SOCKET_WINDOW_BYTES / 2;

/** Whether it is still pending once everything that can run has run. */
async function isPending(work: Promise<void>): Promise<boolean> {
  const PENDING = {};
  const turn = new Promise((resolve) => setImmediate(() => resolve(PENDING)));
  return (await Promise.race([work, turn])) === PENDING;
}

test("a client that tells is sent a window ahead, and more as it takes messages", async () => {
  const window = new TailWindow();
  window.told("taken 0");
  await window.add(HALF);
  await window.add(HALF);
  const third = window.add(HALF);
  expect(await isPending(third)).toBe(true);
  window.told("taken 1");
  await third;
  const fourth = window.add(1);
  expect(await isPending(fourth)).toBe(true);
  window.told("taken 2");
  await fourth;
});

test("a message that is larger than the window is sent when nothing is ahead of it", async () => {
  const window = new TailWindow();
  window.told("taken 0");
  await window.add(3 * SOCKET_WINDOW_BYTES);
  const next = window.add(1);
  expect(await isPending(next)).toBe(true);
  window.told("taken 1");
  await next;
});

test("a client that tells and takes nothing is given up", async () => {
  const window = new TailWindow(1);
  window.told("taken 0");
  await window.add(SOCKET_WINDOW_BYTES);
  await expect(window.add(1)).rejects.toMatchObject({ failure: { error: "REQUEST_TIMED_OUT" } });
});

test("a client that never tells gets so much and no more", async () => {
  const window = new TailWindow();
  for (const text of ["hello", "taken", "taken -1", "taken 1.5", ""]) window.told(text);
  for (let bytes = 0; bytes < MAX_UNTOLD_TAIL_BYTES; bytes += HALF) await window.add(HALF);
  await expect(window.add(1)).rejects.toMatchObject({ failure: { error: "THROTTLING_QUOTA_EXCEEDED" } });
  window.end();
});

test("many that never tell get less, until some of them are gone or tell", async () => {
  const crowd = Array.from({ length: MAX_UNTOLD_TAILS_BYTES / MAX_UNTOLD_TAIL_BYTES }, () => new TailWindow());
  for (const window of crowd) await window.add(MAX_UNTOLD_TAIL_BYTES);
  const late = new TailWindow();
  await late.add(MAX_CROWDED_TAIL_BYTES);
  await expect(late.add(1)).rejects.toMatchObject({ failure: { detail: expect.stringContaining(String(MAX_CROWDED_TAIL_BYTES)) } });
  crowd[0]!.end();
  await late.add(1);
  crowd[1]!.told("taken 1");
  await late.add(MAX_UNTOLD_TAIL_BYTES - MAX_CROWDED_TAIL_BYTES - 1);
  for (const window of [late, ...crowd]) window.end();
});

test("a client that takes more than it was sent is ahead of nothing", async () => {
  const window = new TailWindow();
  await window.add(HALF);
  window.told("taken 99");
  await window.add(HALF);
  await window.add(HALF);
  expect(await isPending(window.add(HALF))).toBe(true);
});

test("nobody waits for a client that is gone", async () => {
  const window = new TailWindow();
  window.told("taken 0");
  await window.add(SOCKET_WINDOW_BYTES);
  const waiting = window.add(1);
  expect(await isPending(waiting)).toBe(true);
  window.end();
  await waiting;
});
