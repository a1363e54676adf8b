import { expect, test } from "vitest";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

test("ApiVersions says that each transaction may have an epoch of its own, in words that each version's clients read", async () => {
  const client = connectKafka(new MemoryBroker());
  const ask = (version: number) => client.ask(API.apiVersions, version, { clientSoftwareName: "me", clientSoftwareVersion: "1" });
  const finalized = [{ name: "transaction.version", minVersionLevel: 2, maxVersionLevel: 2 }];
  const supported = [{ name: "transaction.version", minVersion: 0, maxVersion: 2 }];
  expect(await ask(2)).toMatchObject({ supportedFeatures: [], finalizedFeaturesEpoch: -1, finalizedFeatures: [] });
  expect(await ask(3)).toMatchObject({ supportedFeatures: [], finalizedFeaturesEpoch: 1, finalizedFeatures: finalized });
  expect(await ask(4)).toMatchObject({ supportedFeatures: supported, finalizedFeaturesEpoch: 1, finalizedFeatures: finalized });
});
