// Bodies that are the same in JSON and in MessagePack.

import { JSON_TYPE, MSGPACK_TYPE } from "./media-types.ts";
import type { Content, RequestBody } from "./operation.ts";
import { z } from "./zod.ts";

/** Nothing in the path, or nothing in the query. */
export const none = z.strictObject({});

/** One shape, JSON or MessagePack. */
export function bothTypes(schema: z.ZodType, example: unknown): Readonly<Record<string, Content>> {
  return { [JSON_TYPE]: { schema, example }, [MSGPACK_TYPE]: { schema } };
}

export function requestBody(schema: z.ZodType, example: unknown): RequestBody {
  return { required: true, content: bothTypes(schema, example) };
}
