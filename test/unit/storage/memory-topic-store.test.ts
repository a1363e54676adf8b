import { MemoryTopicStore } from "../../../src/storage/memory-topic-store.ts";
import { topicStoreConformance } from "../../conformance/topic-store.ts";

topicStoreConformance(async (body) => body(new MemoryTopicStore()));
