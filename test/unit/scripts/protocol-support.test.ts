// docs/protocol-support.md is what the Kafka listener serves.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROTOCOL_SUPPORT_FILE, protocolSupport } from "../../../scripts/generate-protocol-support.ts";
import { SERVED } from "../../../src/listeners/kafka/served-apis.ts";

test("docs/protocol-support.md is up to date: node scripts/generate-protocol-support.ts writes it", () => {
  expect(readFileSync(PROTOCOL_SUPPORT_FILE, "utf8")).toBe(protocolSupport());
});

test("what is served is in the tables, by ascending key", () => {
  const keys = SERVED.map(({ api }) => api.key);
  expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
  for (const { api, minVersion, maxVersion } of SERVED) {
    for (const message of [api.request, api.response]) {
      expect(message.versions.first, message.name).toBeLessThanOrEqual(minVersion);
      expect(message.versions.last, message.name).toBeGreaterThanOrEqual(maxVersion);
    }
  }
});
