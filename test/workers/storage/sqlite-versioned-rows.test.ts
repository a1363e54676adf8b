import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteIngestSourceStore } from "../../../src/storage/sqlite-ingest-source-store.ts";
import { SqliteSecurityStore } from "../../../src/storage/sqlite-security-store.ts";
import { describeIngestSourceStore, describeSecurityStore } from "../../conformance/versioned-rows.ts";

const withCluster = (body: (storage: DurableObjectStorage) => void) =>
  runInDurableObject(env.CLUSTER.getByName(crypto.randomUUID()), (_, { storage }) => body(storage));

describeIngestSourceStore("SqliteIngestSourceStore", (use) => withCluster((storage) => use(new SqliteIngestSourceStore(storage))));
describeSecurityStore("SqliteSecurityStore", (use) => withCluster((storage) => use(new SqliteSecurityStore(storage))));

test("what one instance stored, the next one reads, the secret too", () =>
  withCluster((storage) => {
    const first = new SqliteSecurityStore(storage);
    first.put({ kind: "acl", name: "x", value: "{}" });
    first.raiseVersion();
    const next = new SqliteSecurityStore(storage);
    expect([next.version(), next.rows(), next.secret()]).toEqual([1, [{ kind: "acl", name: "x", value: "{}" }], first.secret()]);
    expect(next.secret()).toHaveLength(72);
  }));
