// Writes the OpenAPI 3.1 document from the operations. Its schemas are JSON Schema 2020-12, as OpenAPI 3.1 has it, so zod's are taken as
// they come; those with an id become components. Parameters and answers document what is given (zod's "output"), request bodies what may
// be sent (zod's "input").

import { type ErrorName, errorCode, errorHttpStatus, errorMessage } from "../common/errors.ts";
import { PROBLEM_TYPE } from "./media-types.ts";
import type { Answer, Content, Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { problem } from "./problem.ts";
import { z } from "./zod.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Schemas = Record<string, Json>;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Json;
  readonly example?: Json;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Json; readonly example?: Json }>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Json }>>;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Json[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema?: Json; readonly example?: Json }>>;
  };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Schemas>; readonly securitySchemes: Readonly<Record<string, Json>> };
}

const DESCRIPTION = `Kafka's log over HTTP: topics, partitions, ordered offsets, replay and consumer groups.

Bodies are JSON or MessagePack (\`application/msgpack\`), answers as \`Accept\` says, JSON where it says nothing. Offsets, timestamps (ms) and sizes (bytes) are integers up to 2^53-1. A request may be compressed (\`Content-Encoding: gzip\`). Every error is \`application/problem+json\` with Kafka's error name and number. Every answer carries \`x-request-id\`; 429 and 503 carry \`Retry-After\`.`;

/** Errors that any request may get. */
const COMMON_ERRORS: readonly ErrorName[] = ["INVALID_REQUEST", "UNKNOWN_SERVER_ERROR"];
const TOKEN_ERRORS: readonly ErrorName[] = [
  "SASL_AUTHENTICATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "THROTTLING_QUOTA_EXCEEDED",
  "BROKER_NOT_AVAILABLE",
];

/** Errors of HTTP's own, that have no name in Kafka: they carry INVALID_REQUEST. */
const NEGOTIATION_ERRORS: Readonly<Record<string, string>> = {
  406: "None of the media types that `Accept` allows can be given.",
  413: "The body is larger than `maxBodyBytes`.",
  415: "The body's `Content-Type` or `Content-Encoding` is not one that this route takes.",
  426: "The request does not ask for a WebSocket.",
};

const REQUEST_ID_HEADER = {
  "x-request-id": { description: "The request's own `x-request-id`, or one made here.", schema: { type: "string" } },
};

export function openApiDocument(version: string): OpenApiDocument {
  const schemas: Schemas = {};
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const tags = new Set<string>();
  for (const operation of OPERATIONS) {
    tags.add(operation.tag);
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(operation, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sluice", version, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags: [...tags].map((name) => ({ name })),
    security: [{ bearer: [] }, { basic: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "The admin token, or a token made at `/v1/tokens`." },
        basic: { type: "http", scheme: "basic", description: "A user and its password; or any user name, and a token as the password." },
        accessToken: {
          type: "apiKey",
          in: "query",
          name: "access_token",
          description: "The token, for a browser's EventSource and WebSocket.",
        },
      },
    },
  };
}

function describe(operation: Operation, schemas: Schemas): OpenApiOperation {
  const body = operation.body;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    ...security(operation),
    parameters: [
      ...parameters("path", operation.params, schemas),
      ...parameters("query", operation.query, schemas),
      ...headerParameters(operation.headers ?? {}),
    ],
    ...(body === undefined ? {} : { requestBody: { required: body.required, content: content(body.content, "input", schemas) } }),
    responses: responses(operation, schemas),
  };
}

function security(operation: Operation): Pick<OpenApiOperation, "security"> {
  if (operation.withoutToken === "signed") return { security: [{}, { bearer: [] }, { basic: [] }] };
  if (operation.withoutToken !== undefined) return { security: [] };
  return operation.tokenInQuery ? { security: [{ bearer: [] }, { basic: [] }, { accessToken: [] }] } : {};
}

function parameters(place: "path" | "query", fields: z.ZodObject, schemas: Schemas): OpenApiParameter[] {
  return Object.entries(fields.shape).map(([name, field]) => {
    const { description, examples, ...schema } = jsonSchema(field as z.ZodType, "output", schemas) as Record<string, Json>;
    return {
      name,
      in: place,
      required: place === "path",
      ...(typeof description === "string" ? { description } : {}),
      schema,
      ...(Array.isArray(examples) ? { example: examples[0] as Json } : {}),
    };
  });
}

function headerParameters(headers: Readonly<Record<string, string>>): OpenApiParameter[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function responses(operation: Operation, schemas: Schemas): Record<string, OpenApiResponse> {
  const described: Record<string, OpenApiResponse> = {};
  for (const [status, answer] of Object.entries(operation.answers)) described[status] = success(answer, schemas);
  for (const [status, description] of Object.entries(errorDescriptions(operation))) {
    described[status] = {
      description,
      headers: { ...REQUEST_ID_HEADER, ...(status === "503" || status === "429" ? retryAfter() : {}) },
      content: { [PROBLEM_TYPE]: { schema: jsonSchema(problem, "output", schemas) } },
    };
  }
  return described;
}

function success(answer: Answer, schemas: Schemas): OpenApiResponse {
  const own = Object.entries(answer.headers ?? {}).map(([name, description]) => [name, { description, schema: { type: "string" } }]);
  return {
    description: answer.description,
    headers: { ...REQUEST_ID_HEADER, ...Object.fromEntries(own) },
    ...(answer.content === undefined ? {} : { content: content(answer.content, "output", schemas) }),
  };
}

function retryAfter() {
  return { "retry-after": { description: "Seconds to wait.", schema: { type: "integer" } } };
}

/** One description for each status: the names of the errors that have it. */
function errorDescriptions(operation: Operation): Record<string, string> {
  const names = new Set([...operation.errors, ...COMMON_ERRORS, ...(operation.withoutToken === "anyone" ? [] : TOKEN_ERRORS)]);
  const told: [status: string, text: string][] = [...names].map((name) => [
    String(errorHttpStatus(name)),
    `\`${name}\` (${errorCode(name)}): ${errorMessage(name)}`,
  ]);
  for (const status of negotiationStatuses(operation)) told.push([status, NEGOTIATION_ERRORS[status]!]);
  const byStatus = Map.groupBy(told, ([status]) => status);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, group.map(([, text]) => text).join("\n\n")]));
}

function negotiationStatuses(operation: Operation): string[] {
  if (operation.takesAnyMedia) return ["413"];
  const statuses = operation.answers[101] === undefined ? ["406"] : ["426"];
  return operation.body === undefined ? statuses : [...statuses, "413", "415"];
}

function content(types: Readonly<Record<string, Content>>, io: "input" | "output", schemas: Schemas) {
  const described: Record<string, { schema?: Json; example?: Json; description?: string }> = {};
  for (const [type, { schema, example, description }] of Object.entries(types)) {
    const about = description === undefined ? {} : { description };
    described[type] = {
      schema: schema === undefined ? about : { ...(jsonSchema(schema, io, schemas) as Record<string, Json>), ...about },
      ...(example === undefined ? {} : { example: example as Json }),
    };
  }
  return described;
}

/** A schema as JSON Schema; what has an id is moved to `schemas` and referred to. */
function jsonSchema(schema: z.ZodType, io: "input" | "output", schemas: Schemas): Json {
  const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { target: "draft-2020-12", io }) as Record<string, Json>;
  const moved = JSON.parse(JSON.stringify({ own, defs: $defs ?? {} }).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    own: Record<string, Json>;
    defs: Record<string, Record<string, Json>>;
  };
  for (const [id, { id: __, ...definition }] of Object.entries(moved.defs)) schemas[id] = definition;
  const { id, ...definition } = moved.own;
  if (typeof id !== "string") return definition;
  schemas[id] = definition;
  return { $ref: `#/components/schemas/${id}` };
}
