// Hundreds of Kafka clients at a time, on each door: the short form of many-connections.ts.

import { expect, test } from "vitest";
import { type DoorName, runManyConnections } from "./many-connections.ts";

/** Of the broker's memory for one client that waits; the door that asks for more has leaked or reads into too much. */
const MAX_BYTES_A_CONNECTION = 400 * 1024;

test.each<DoorName>(["tcp", "websocket"])("300 clients wait at a time and all are woken: %s", async (door) => {
  const { count, woken, beforeBytes, waitingBytes } = await runManyConnections(300, door);
  expect(woken).toBe(count);
  expect((waitingBytes - beforeBytes) / count).toBeLessThan(MAX_BYTES_A_CONNECTION);
});
