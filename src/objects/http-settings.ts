// The HTTP listener's settings, from the environment.

import { type AllowedOrigins, NO_ORIGINS, parseAllowedOrigins } from "../common/allowed-origins.ts";
import { VERSION } from "../common/version.ts";
import type { Env } from "../env.ts";
import type { HttpSettings } from "../listeners/http/call.ts";

/** Asked with each request. */
export function httpSettings(env: Env): HttpSettings {
  return {
    adminToken: env.SLUICE_ADMIN_TOKEN ?? null,
    open: env.SLUICE_OPEN === "1",
    version: VERSION,
    origins: allowedOrigins(env.SLUICE_ALLOWED_ORIGINS ?? ""),
  };
}

/** What was parsed last, for an isolate has one environment. */
let parsed: { readonly setting: string; readonly origins: AllowedOrigins } = { setting: "", origins: NO_ORIGINS };

/** A setting that is not valid allows nobody, and is told once: whoever is no page goes on working. */
function allowedOrigins(setting: string): AllowedOrigins {
  if (parsed.setting !== setting) parsed = { setting, origins: parseOrTell(setting) };
  return parsed.origins;
}

function parseOrTell(setting: string): AllowedOrigins {
  try {
    return parseAllowedOrigins(setting);
  } catch (error) {
    console.error(JSON.stringify({ message: "no page of another origin may use the broker", reason: String(error) }));
    return NO_ORIGINS;
  }
}
