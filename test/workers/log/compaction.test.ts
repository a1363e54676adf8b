// Compaction over SQLite and R2.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { core } from "../../../src/objects/core.ts";
import { R2ArchiveStore } from "../../../src/storage/r2-archive-store.ts";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";
import { compactionConformance } from "../../conformance/compaction.ts";

compactionConformance({
  core,
  withStore: (body) =>
    runInDurableObject(env.PARTITION.getByName(crypto.randomUUID()), async (_, state) => {
      const store = new SqliteLogStore(state.storage);
      store.createTables();
      await body(store);
    }),
  createArchive: () => new R2ArchiveStore(env.ARCHIVE!),
  steps: 15,
});
