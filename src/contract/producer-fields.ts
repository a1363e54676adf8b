// What names a producer, wherever it is named.

import { MAX_TRANSACTIONAL_ID_LENGTH } from "../common/limits/transactions.ts";
import { z } from "./zod.ts";

export const producerId = z.int().min(0).meta({ description: "From `POST /v1/producers`." });
export const producerEpoch = z.int().min(0).max(32_767).meta({ description: "From `POST /v1/producers`." });

export const transactionalId = z
  .string()
  .min(1)
  .max(MAX_TRANSACTIONAL_ID_LENGTH)
  .meta({ description: "Names a producer over its restarts: who asks for an id with it last fences all before.", examples: ["billing-1"] });
