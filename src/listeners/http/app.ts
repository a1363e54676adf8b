// The HTTP listener: a hono app built from the route table. Each request goes one way: token, parameters, Accept, handler; whatever is
// thrown becomes a problem in one place, and every answer carries x-request-id. There is no middleware chain: the path of a small produce
// is one function call after the router.

import { type Context, type ExecutionContext, Hono } from "hono";
import type { Broker } from "../../broker/broker.ts";
import { brokerOf, createSecurityState, NO_SECURITY, Security } from "../../broker/security.ts";
import type { Operation } from "../../contract/operation.ts";
import { authorize } from "./auth.ts";
import { type Call, type HttpParts, type HttpSettings, type OpenKafkaSocket, requestIdOf, requestName } from "./call.ts";
import { answerPreflight, shareWithPage } from "./cors.ts";
import { negotiate } from "./negotiate.ts";
import { PasswordMemory } from "./password-memory.ts";
import { asProblem, type ProblemError, problemResponse, refuseHttp } from "./problem.ts";
import { clientIdOf, requireQuota } from "./quota.ts";
import { remember } from "./remember.ts";
import { ROUTES, type Route } from "./routes.ts";
import { validate } from "./validate.ts";

export interface HttpAppOptions<Bindings extends object> extends HttpParts {
  /** The broker of one request: its `waitUntil` is the request's. */
  readonly broker: (env: Bindings, context: ExecutionContext) => Broker;
  readonly openKafkaSocket: (env: Bindings) => OpenKafkaSocket;
  /** Users, rights and quotas, of one request; none where absent. */
  readonly security?: (env: Bindings) => Security;
  /** Asked on each request: cheap, or remembered by the caller. */
  readonly settings: (env: Bindings) => HttpSettings;
}

/** What the requests of an app share. */
interface AppState<Bindings extends object> {
  readonly securityOf: (env: Bindings) => Security;
  readonly passwords: PasswordMemory;
}

type AppContext<Bindings extends object> = Context<{ Bindings: Bindings }>;
type Serve = (requestId: string) => Response | Promise<Response>;

export function createHttpApp<Bindings extends object>(options: HttpAppOptions<Bindings>): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  const none = new Security(NO_SECURITY, createSecurityState(Date.now));
  const state: AppState<Bindings> = { securityOf: options.security ?? (() => none), passwords: new PasswordMemory() };
  for (const route of ROUTES) {
    const serveRoute = routeServer(route, options, state);
    const path = route.operation.path.replaceAll(PLACEHOLDER, ":$1"); // as hono writes it
    app.on(route.operation.method, path, (context) => serve(context, options, (requestId) => serveRoute(context, requestId)));
  }
  app.notFound((context) => serve(context, options, () => serveUnrouted(context, options, state)));
  return app;
}

const PLACEHOLDER = /\{(\w+)\}/g;

async function serve<Bindings extends object>(
  context: AppContext<Bindings>,
  { settings }: HttpAppOptions<Bindings>,
  handle: Serve,
): Promise<Response> {
  const requestId = requestIdOf(context);
  let response: Response;
  try {
    response = await handle(requestId);
  } catch (error) {
    response = problemResponse(problemOfRequest(error, context.req.raw, requestId));
  }
  response.headers.set("x-request-id", requestId);
  const origin = context.req.raw.headers.get("origin");
  if (origin !== null) shareWithPage(response, origin, settings(context.env));
  return response;
}

/** Two Host headers, joined by the platform, make a URL that is none; whatever failed over it is the client's. */
function problemOfRequest(error: unknown, request: Request, requestId: string): ProblemError {
  if (!URL.canParse(request.url)) return refuseHttp(400, "The Host and the target of the request make no URL.");
  return asProblem(error, { requestId, request: requestName(request) });
}

function routeServer<Bindings extends object>(
  { operation, handler }: Route,
  options: HttpAppOptions<Bindings>,
  { securityOf, passwords }: AppState<Bindings>,
) {
  const typeOf = answerType(operation);
  const paramsOf = remember((given: Readonly<Record<string, string>>) => validate(operation.params, given, "the path"));
  const queryOf = remember((given: Readonly<Record<string, string>>) => validate(operation.query, given, "the query"));
  return async (context: AppContext<Bindings>, requestId: string): Promise<Response> => {
    const request = context.req.raw;
    const settings = options.settings(context.env);
    const security = securityOf(context.env);
    const verifier = { settings, security, passwords };
    const pending = authorize(request, context.req.query("access_token"), operation, verifier);
    const identity = pending instanceof Promise ? await pending : pending;
    const access = security.access(identity);
    const meter = security.meter(identity);
    const clientId = clientIdOf(request);
    if (operation.withoutToken === undefined) {
      const ready = security.ready(identity, (work) => context.executionCtx.waitUntil(work));
      if (ready !== null) await ready;
      requireQuota(meter, clientId, operation);
    }
    let broker: Broker | undefined;
    const call: Call<unknown, unknown> = {
      request,
      requestId,
      settings,
      parts: options,
      params: paramsOf(context.req.path, () => context.req.param()),
      query: queryOf(queryString(request.url), () => context.req.query()),
      type: typeOf(request),
      get broker() {
        broker ??= brokerOf(options.broker(context.env, context.executionCtx), access, meter, clientId);
        return broker;
      },
      authenticate: () => authorize(request, undefined, {}, verifier),
      admit: async (other) => {
        await security.ready(other, (work) => context.executionCtx.waitUntil(work));
        const metered = security.meter(other);
        requireQuota(metered, clientId, operation);
        return brokerOf(options.broker(context.env, context.executionCtx), security.access(other), metered, clientId);
      },
      openKafkaSocket: (socket) => options.openKafkaSocket(context.env)(socket),
      security,
      access,
    };
    return handler(call as Call<never, never>);
  };
}

function queryString(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start);
}

/** Which media type an answer to a request has; "" where answers have no body. */
function answerType(operation: Operation): (request: Request) => string {
  const offered = offeredTypes(operation);
  if (offered.length === 0) return () => "";
  return (request) => negotiate(request, offered, operation.takesAnyMedia);
}

/** The media types of an operation's answers, the default first. */
function offeredTypes(operation: Operation): readonly string[] {
  return [...new Set(Object.values(operation.answers).flatMap((answer) => Object.keys(answer.content ?? {})))];
}

/** A browser's question, or no such route, or not with this method. A closed broker says so first. */
function serveUnrouted<Bindings extends object>(
  context: AppContext<Bindings>,
  options: HttpAppOptions<Bindings>,
  { securityOf, passwords }: AppState<Bindings>,
): Response {
  const { method, path } = context.req;
  const settings = options.settings(context.env);
  const verifier = { settings, security: securityOf(context.env), passwords };
  void authorize(context.req.raw, undefined, { withoutToken: "configured" }, verifier);
  const preflight = answerPreflight(context.req.raw, settings);
  if (preflight !== null) return preflight;
  const allowed = methodsOf(path);
  if (allowed.length === 0) throw refuseHttp(404, `There is no ${path}. The API is described at /docs and /openapi.json.`);
  throw refuseHttp(405, `${path} takes ${allowed.join(", ")}, not ${method}.`, { allow: allowed.join(", ") });
}

/** What a path may be asked with. Not on the way of any request that has a route. */
function methodsOf(path: string): string[] {
  const methods = ROUTES.filter(({ operation }) => new RegExp(`^${operation.path.replaceAll(PLACEHOLDER, "[^/]+")}$`).test(path)).map(
    ({ operation }) => operation.method,
  );
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}
