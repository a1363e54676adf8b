// How long single requests take, one after the other on one connection, and how long a broker that was killed takes to serve again.

import type { Broker } from "../../test/support/broker.ts";
import { Connection } from "./http-load.ts";
import { median } from "./rounds.ts";

/** Sends the requests in order. @returns the median time of one (ms) */
export async function medianLatency(port: number, requests: readonly Uint8Array[]): Promise<number> {
  const connection = new Connection(port);
  const times: number[] = [];
  for (const request of requests) {
    const start = performance.now();
    await connection.send(request);
    times.push(performance.now() - start);
  }
  connection.close();
  return median(times);
}

/** Kills the broker with kill -9 and starts it again. @returns the time from the start of its process to the answer (ms) */
export async function timeRestart(broker: Broker, request: Uint8Array): Promise<number> {
  await broker.kill9();
  const start = performance.now();
  await broker.restart();
  await medianLatency(broker.port, [request]);
  return performance.now() - start;
}
