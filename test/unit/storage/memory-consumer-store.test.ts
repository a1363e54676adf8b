import { MemoryConsumerStore } from "../../../src/storage/memory-consumer-store.ts";
import { consumerStoreConformance } from "../../conformance/consumer-store.ts";

consumerStoreConformance(async (body) => body(new MemoryConsumerStore()));
