// DescribeClientQuotas (key 48) and AlterClientQuotas (49): how fast users and clients may be (KIP-546). An entity is made of one to two
// parts ("user", "client-id"); a name that is null stands for the default of its type.
//
// both   1: flexible

import { array, bool, float64, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

const entity = array({ entityType: string(), entityName: string({ nullable: true }) });

export const describeClientQuotasRequest = message("DescribeClientQuotasRequest", "0-1", "1+", {
  components: array({ entityType: string(), matchType: int8(), match: string({ nullable: true }) }),
  strict: bool(),
});

export const describeClientQuotasResponse = message("DescribeClientQuotasResponse", "0-1", "1+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  entries: array({ entity, values: array({ key: string(), value: float64() }) }, { nullable: true }),
});

export const alterClientQuotasRequest = message("AlterClientQuotasRequest", "0-1", "1+", {
  entries: array({ entity, ops: array({ key: string(), value: float64(), remove: bool() }) }),
  validateOnly: bool(),
});

export const alterClientQuotasResponse = message("AlterClientQuotasResponse", "0-1", "1+", {
  throttleTimeMs: int32(),
  entries: array({ errorCode: int16(), errorMessage: string({ nullable: true }), entity }),
});
