// A secret that the sender shows as it is, where it signs nothing: in a header (GitLab's X-Gitlab-Token, Telegram's
// X-Telegram-Bot-Api-Secret-Token), or in the URL that it was given. It proves who sends, and neither when nor what; one in a URL is also
// read by whoever keeps logs of URLs.

import type { Failure } from "../../common/errors.ts";
import { sameSecret } from "../../common/same-secret.ts";
import type { Query } from "../query.ts";
import type { TokenScheme } from "../source.ts";
import { unsigned } from "./claim.ts";

/** null: the request shows one of the secrets. Needs no body. */
export async function checkToken(scheme: TokenScheme, secrets: readonly string[], headers: Headers, query: Query): Promise<Failure | null> {
  const place = "header" in scheme.in ? `the header ${scheme.in.header}` : `the query's ${scheme.in.parameter}`;
  const shown = "header" in scheme.in ? headers.get(scheme.in.header) : query.valueOf(scheme.in.parameter);
  if (shown === null) return unsigned(`${place} is missing: this source takes requests with its token alone`);
  const verdicts = await Promise.all(secrets.map((secret) => sameSecret(secret, shown)));
  return verdicts.includes(true) ? null : unsigned(`${place} is not a token of this source`);
}
