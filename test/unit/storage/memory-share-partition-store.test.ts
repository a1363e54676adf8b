import { MemorySharePartitionStore } from "../../../src/storage/memory-share-partition-store.ts";
import { describeSharePartitionStore } from "../../conformance/share-partition-store.ts";

describeSharePartitionStore("MemorySharePartitionStore", async (use) => use(new MemorySharePartitionStore()));
