// Who may ask. A deployed broker is closed until its token is set; an open one (`npm start`, `npm run dev`) serves loopback alone, and no
// page of another site: a browser on the same machine would otherwise be a door to it (CSRF, DNS rebinding). Nor may a page of another
// site that is not allowed (cors.ts) use what a browser sends along by itself: Basic credentials, and sockets.
//
// Bearer takes the admin token or a token for programs; Basic takes them as the password of anybody, or a user's name and password. On an
// open broker whoever shows no credentials may do everything, and who shows them has the rights that go with them.

import type { Security } from "../../broker/security.ts";
import { decodeBase64 } from "../../common/base64.ts";
import { sameSecret } from "../../common/same-secret.ts";
import { EVENT_STREAM_TYPE } from "../../contract/media-types.ts";
import type { Operation } from "../../contract/operation.ts";
import { ADMIN, ANONYMOUS, type Identity } from "../../security/identity.ts";
import type { HttpSettings } from "./call.ts";
import { isForeignPage } from "./cors.ts";
import type { PasswordMemory } from "./password-memory.ts";
import { refuse } from "./problem.ts";

const CHALLENGE = { "www-authenticate": 'Bearer realm="sluice", Basic realm="sluice", charset="UTF-8"' };
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** What credentials are checked against. */
export interface Verifier {
  readonly settings: HttpSettings;
  readonly security: Security;
  readonly passwords: PasswordMemory;
}

interface Credentials {
  /** Only with Basic. */
  readonly user?: string;
  readonly secret: string;
}

/** Who asks. Throws a ProblemError where the request may not go on. Synchronous where there is nothing to compare. */
export function authorize(
  request: Request,
  accessToken: string | undefined,
  operation: Pick<Operation, "withoutToken" | "tokenInQuery">,
  verifier: Verifier,
): Identity | Promise<Identity> {
  const { open, adminToken } = verifier.settings;
  if (operation.withoutToken === "anyone") return ANONYMOUS;
  const isSigned = operation.withoutToken === "signed"; // which no page of another site can do
  if (open) {
    if (!isSigned) refuseForeignHosts(request);
  } else if (!adminToken) {
    throw refuse(
      "BROKER_NOT_AVAILABLE",
      "The broker is closed until it has a token: set the secret SLUICE_ADMIN_TOKEN (wrangler secret put SLUICE_ADMIN_TOKEN).",
    );
  }
  if (isSigned) return ANONYMOUS;
  refuseForeignPages(request, verifier.settings);
  if (operation.withoutToken === "configured") return ANONYMOUS;
  const credentials = presented(request) ?? (operation.tokenInQuery && isLiveTail(request) ? tokenOf(accessToken) : undefined);
  if (credentials !== undefined) return identify(credentials, verifier);
  if (open) return ANONYMOUS;
  throw unauthenticated("This needs a token: `Authorization: Bearer TOKEN`, or Basic with it as the password.");
}

async function identify({ user, secret }: Credentials, { settings, security, passwords }: Verifier): Promise<Identity> {
  if (settings.adminToken && (await sameSecret(secret, settings.adminToken))) return ADMIN;
  const holder = (await security.tokenHolder(secret)) ?? (user === undefined ? null : await passwords.check(security, user, secret));
  if (holder !== null) return holder;
  if (settings.open) return ANONYMOUS;
  throw unauthenticated("The token, or the user's name and password, are not valid.");
}

function tokenOf(accessToken: string | undefined): Credentials | undefined {
  return accessToken === undefined ? undefined : { secret: accessToken };
}

/** Only there, since a browser can set no header, and addresses end up in logs. */
function isLiveTail({ headers }: Request): boolean {
  return headers.get("upgrade") !== null || (headers.get("accept") ?? "").includes(EVENT_STREAM_TYPE);
}

function refuseForeignHosts({ headers, url }: Request): void {
  const host = headers.get("host") ?? new URL(url).host;
  if (LOOPBACK_HOST.test(host)) return;
  throw refuse(
    "CLUSTER_AUTHORIZATION_FAILED",
    "This broker runs without a token (SLUICE_OPEN), so it answers to localhost, 127.0.0.1 and [::1] alone. To serve another name, set SLUICE_ADMIN_TOKEN and unset SLUICE_OPEN.",
  );
}

/** A Bearer token is let through: a browser sends one only for a page that has it and may, and on an upgrade never: a gateway does. */
function refuseForeignPages(request: Request, settings: HttpSettings): void {
  const { method, headers } = request;
  const isUpgrade = headers.get("upgrade") !== null;
  if ((method === "GET" || method === "HEAD") && !isUpgrade) return; // without CORS headers a foreign page cannot see the answer
  const [scheme] = (headers.get("authorization") ?? "").toLowerCase().split(" ");
  const comesByItself = isUpgrade ? scheme !== "bearer" : scheme === "basic";
  if (!settings.open && !comesByItself) return;
  if (!isForeignPage(request, settings)) return;
  const why = settings.open ? "This broker runs without a token (SLUICE_OPEN), so pages" : "Pages";
  throw refuse("CLUSTER_AUTHORIZATION_FAILED", `${why} of other sites may not use it, unless SLUICE_ALLOWED_ORIGINS names them.`);
}

/** The token of `Authorization: Bearer TOKEN`, or the name and the password of Basic. */
function presented(request: Request): Credentials | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space).toLowerCase();
  const credentials = header.slice(space + 1).trim();
  if (scheme === "bearer") return { secret: credentials };
  if (scheme !== "basic") throw unauthenticated("The scheme of `Authorization` must be Bearer or Basic.");
  return basicCredentials(credentials);
}

function basicCredentials(credentials: string): Credentials {
  const bytes = decodeBase64(credentials);
  if (bytes === null) throw unauthenticated("The credentials of Basic authorization are not base64.");
  const text = new TextDecoder().decode(bytes);
  const colon = text.indexOf(":");
  return { user: text.slice(0, Math.max(0, colon)), secret: text.slice(colon + 1) };
}

function unauthenticated(detail: string) {
  return refuse("SASL_AUTHENTICATION_FAILED", detail, { headers: CHALLENGE });
}
