// Pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol). Those that the setting names may use the broker and read its
// answers; on an open broker, pages of this machine may too. To all others a browser shows no answer, since there is no
// `Access-Control-Allow-Origin` in it, and asks for nothing but what a form could ask for: auth.ts refuses that where it counts.
//
// The broker knows no cookies, and never allows credentials: a page shows who it is by the token that it sends itself.

import { NO_ORIGINS } from "../../common/allowed-origins.ts";
import { PREFLIGHT_MAX_AGE_S } from "../../common/limits/http.ts";
import type { HttpSettings } from "./call.ts";
import { refuse } from "./problem.ts";

const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** What any path may be asked with: a path that takes less says so itself, in an answer that the page can read. */
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";

/** Whether pages of that origin may use the broker. "*" opens no broker that asks for no token: any page in the world could write to it. */
function isAllowed(origin: string, { open, origins: { any, origins } = NO_ORIGINS }: HttpSettings): boolean {
  return origins.has(origin) || (open ? LOOPBACK_ORIGIN.test(origin) : any);
}

/** Whether a page sends the request that may not: neither the broker's own, nor of an allowed origin. */
export function isForeignPage({ headers, url }: Request, settings: HttpSettings): boolean {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin === null) return site === "cross-site";
  if (site === "same-origin") return false; // also behind a proxy that changes the host
  const host = headers.get("host") ?? new URL(url).host;
  const isOwn = URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  return !isOwn && !isAllowed(origin, settings);
}

/** Lets the page that asked read the answer, all its headers too, if it may. */
export function shareWithPage({ headers }: Response, origin: string, settings: HttpSettings): void {
  headers.append("vary", "origin");
  if (!isAllowed(origin, settings)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", "*");
}

/**
 * Answers what a browser asks before a request that no form could make; null where it is no such question. Needs no token, since browsers
 * send none. Throws a ProblemError for pages that may not.
 */
export function answerPreflight({ method, headers }: Request, settings: HttpSettings): Response | null {
  const origin = headers.get("origin");
  if (method !== "OPTIONS" || origin === null || !headers.has("access-control-request-method")) return null;
  if (!isAllowed(origin, settings)) {
    throw refuse("CLUSTER_AUTHORIZATION_FAILED", `Pages of ${origin} may not use this broker: SLUICE_ALLOWED_ORIGINS does not name it.`);
  }
  const answer = new Response(null, { status: 204 });
  answer.headers.set("access-control-allow-methods", METHODS);
  answer.headers.set("access-control-allow-headers", headers.get("access-control-request-headers") ?? "");
  answer.headers.set("access-control-max-age", String(PREFLIGHT_MAX_AGE_S));
  return answer;
}
