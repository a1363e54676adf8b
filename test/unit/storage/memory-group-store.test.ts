import { MemoryGroupStore } from "../../../src/storage/memory-group-store.ts";
import { groupStoreConformance } from "../../conformance/group-store.ts";

groupStoreConformance(async (body) => body(new MemoryGroupStore()));
