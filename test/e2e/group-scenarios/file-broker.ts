// A broker for all scenarios of a test file, with sessions by the consumer protocol as the file wants them: there the broker sets them.

import { afterAll, beforeAll } from "vitest";
import { type Broker, startBroker } from "../../support/broker.ts";
import { LONG_SESSION_MS } from "./group.ts";

export interface FileBrokerOptions {
  readonly sessionMs?: number;
  readonly heartbeatMs?: number;
  /** Configs of groups beside those. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** @returns gives the broker, once tests run */
export function fileBroker({ sessionMs = LONG_SESSION_MS, heartbeatMs = 200, configs = {} }: FileBrokerOptions = {}): () => Broker {
  let broker: Broker;
  beforeAll(async () => {
    const sessions = {
      "group.consumer.session.timeout.ms": String(sessionMs),
      "group.consumer.heartbeat.interval.ms": String(heartbeatMs),
    };
    broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: JSON.stringify({ ...sessions, ...configs }) } });
  });
  afterAll(async () => {
    await broker?.stop();
  });
  return () => broker;
}
