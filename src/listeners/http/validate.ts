// Validates parameters and bodies by the contract's schemas. What is wrong comes back as one sentence that names the fields.

import type { ErrorName } from "../../common/errors.ts";
import { JSON_TYPE, MSGPACK_TYPE } from "../../contract/media-types.ts";
import type { z } from "../../contract/zod.ts";
import { readBody } from "./body.ts";
import { parseJsonBody } from "./json.ts";
import { parseMsgpackBody } from "./msgpack.ts";
import { bodyType } from "./negotiate.ts";
import { refuse, refuseHttp } from "./problem.ts";

/** Which error of Kafka's own a field has, by the last name in its path. */
export type ErrorOfField = Readonly<Record<string, ErrorName>>;

const ERROR_OF_FIELD: ErrorOfField = {
  topic: "INVALID_TOPIC_EXCEPTION",
  name: "INVALID_TOPIC_EXCEPTION",
  group: "INVALID_GROUP_ID",
  partitions: "INVALID_PARTITIONS",
  configs: "INVALID_CONFIG",
  metadata: "OFFSET_METADATA_TOO_LARGE",
};

const MAX_ISSUES_TOLD = 3;

/** The value as the schema gives it. Throws 400 with what is wrong; `place` says where: "the path", "the query", "the body". */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: string,
  errors: ErrorOfField = ERROR_OF_FIELD,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const told = issues.slice(0, MAX_ISSUES_TOLD).map((issue) => `${fieldName(issue.path, place)}: ${issue.message}`);
  const more = issues.length > MAX_ISSUES_TOLD ? `; and ${issues.length - MAX_ISSUES_TOLD} more` : "";
  throw refuse(errorOf(issues[0]!.path, errors), told.join("; ") + more);
}

function fieldName(path: readonly PropertyKey[], place: string): string {
  if (path.length === 0) return `In ${place}`;
  const name = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return `In ${place}, ${name.replace(/^\./, "")}`;
}

function errorOf(path: readonly PropertyKey[], errors: ErrorOfField): ErrorName {
  const name = path[0] === "configs" ? "configs" : path.at(-1);
  return (typeof name === "string" ? errors[name] : undefined) ?? "INVALID_REQUEST";
}

/** A body of JSON or MessagePack. An empty one is `{}`: all of its fields may be optional. */
async function readStructuredBody(request: Request): Promise<unknown> {
  const type = bodyType(request);
  if (type !== "" && type !== JSON_TYPE && type !== MSGPACK_TYPE) {
    throw refuseHttp(415, `The body's Content-Type must be ${JSON_TYPE} or ${MSGPACK_TYPE}, not ${type}.`);
  }
  const bytes = await readBody(request);
  if (bytes.length === 0) return {};
  return type === MSGPACK_TYPE ? parseMsgpackBody(bytes) : parseJsonBody(bytes);
}

/** Reads and validates a body. */
export async function validBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  errors: ErrorOfField = ERROR_OF_FIELD,
): Promise<z.output<Schema>> {
  return validate(schema, await readStructuredBody(request), "the body", errors);
}
