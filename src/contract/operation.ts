// What describes a route: the handlers are bound to these (src/listeners/http/routes.ts), requests are validated by their schemas, and
// /openapi.json is written from them (openapi.ts), so a route cannot differ from its documentation.

import type { ErrorName } from "../common/errors.ts";
import type { z } from "./zod.ts";

/** A body of one media type. Without a schema: raw bytes or text. */
export interface Content {
  readonly schema?: z.ZodType;
  readonly description?: string;
  readonly example?: unknown;
}

export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
  /** Name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestBody {
  readonly required: boolean;
  readonly content: Readonly<Record<string, Content>>;
}

export interface Operation<Params extends z.ZodObject = z.ZodObject, Query extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` for each parameter. */
  readonly path: string;
  readonly tag:
    | "Cluster"
    | "Topics"
    | "Produce"
    | "Fetch"
    | "Groups"
    | "Share groups"
    | "Transactions"
    | "Webhooks"
    | "Kafka"
    | "Security"
    | "Documentation";
  readonly summary: string;
  readonly description?: string;
  /**
   * Who may ask without a token: `anyone`; anyone once the broker has one (`configured`); or whoever signs the request, which the handler sees to,
   * as to the token of others (`signed`). Nobody where absent.
   */
  readonly withoutToken?: "anyone" | "configured" | "signed";
  /** Takes a body of any type, and answers in JSON whoever accepts nothing else: the client was not made for this API. */
  readonly takesAnyMedia?: boolean;
  /** Takes the token from the query too: for a browser's EventSource and WebSocket. */
  readonly tokenInQuery?: boolean;
  readonly params: Params;
  readonly query: Query;
  /** Request headers beside the usual ones: name to description. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Answers below 400, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors of its own, beside those that any request may get (openapi.ts). */
  readonly errors: readonly ErrorName[];
}

export function operation<Params extends z.ZodObject, Query extends z.ZodObject>(
  described: Operation<Params, Query>,
): Operation<Params, Query> {
  return described;
}
