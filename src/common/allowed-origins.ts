// SLUICE_ALLOWED_ORIGINS: whose pages may use the broker from a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
//
//   SLUICE_ALLOWED_ORIGINS = "https://shop.example, http://localhost:5173"   pages of these origins
//                          = "*"                                             any page, where the broker has a token
//
// An origin is a scheme, a host and a port where it is not the scheme's own, as browsers send it in `Origin`; no path and no wildcard
// within. `null`, which sandboxed pages of everybody send, is none.

export interface AllowedOrigins {
  /** "*" was among them. */
  readonly any: boolean;
  readonly origins: ReadonlySet<string>;
}

export const NO_ORIGINS: AllowedOrigins = { any: false, origins: new Set() };

/** Any scheme: pages in apps have their own (`capacitor://localhost`, `chrome-extension://…`). */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*]+$/;

/** @throws Error that names the part which is no origin: the setting is the operator's */
export function parseAllowedOrigins(setting: string): AllowedOrigins {
  const parts = setting.split(",").map((text) => text.trim());
  const named = parts.filter((part) => part !== "" && part !== "*");
  return { any: parts.includes("*"), origins: new Set(named.map(parseOrigin)) };
}

/** As browsers write it: in lower case, without the scheme's own port. */
function parseOrigin(part: string): string {
  const origin = part.toLowerCase();
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) {
    throw new Error(`SLUICE_ALLOWED_ORIGINS: "${part}" is not an origin, as https://shop.example or http://localhost:5173 is`);
  }
  return /^https?:/.test(origin) ? new URL(origin).origin : origin;
}
