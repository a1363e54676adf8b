import { MemoryTransactionStore } from "../../../src/storage/memory-transaction-store.ts";
import { transactionStoreConformance } from "../../conformance/transaction-store.ts";

transactionStoreConformance(async (body) => body(new MemoryTransactionStore()));
