// Live tails of a program that runs the SDK elsewhere (program.ts), while the broker is killed with -9 and another client produces.

import { expect } from "vitest";
import { Admin, createClient, Producer } from "../../../src/sdk/index.ts";
import type { Broker } from "../broker.ts";
import { until } from "../until.ts";
import type { BrokerAccess } from "./program.ts";
import { texts } from "./scenario.ts";

/** @param call calls a function of the program by its name */
export async function expectTailsOverKill(
  broker: Broker,
  access: BrokerAccess,
  call: (name: "follow" | "seen", ...args: unknown[]) => Promise<unknown>,
): Promise<void> {
  const client = createClient(access);
  await new Admin(client).topics.create({ name: "killed", partitions: 1 });
  const produce = async (from: number) => {
    const producer = new Producer(client);
    await producer.sendAll(texts(5, from).map((value) => ({ topic: "killed", value })));
    await producer.close();
  };
  const haveSeen = (count: number) => async () => {
    const { sse, websocket } = (await call("seen")) as Record<"sse" | "websocket", string[]>;
    return sse.length >= count && websocket.length >= count;
  };
  await produce(0);
  await call("follow", "killed", access);
  await until("both have what is there", haveSeen(5));
  await broker.kill9();
  await broker.restart();
  await produce(5);
  await until("both go on", haveSeen(10));
  expect(await call("seen")).toEqual({ sse: texts(10), websocket: texts(10) });
}
