import { MemoryArchiveStore } from "../../../../src/storage/memory-archive-store.ts";
import { MemoryLogStore } from "../../../../src/storage/memory-log-store.ts";
import { compactionConformance } from "../../../conformance/compaction.ts";
import { loadCore } from "../../../support/core.ts";

compactionConformance({
  core: loadCore(),
  withStore: (body) => body(new MemoryLogStore()),
  createArchive: () => new MemoryArchiveStore(),
  steps: 100,
});
