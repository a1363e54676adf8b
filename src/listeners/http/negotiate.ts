// Which media type the answer has (RFC 9110, section 12.5.1) and which the body has.

import { MSGPACK_ALIASES, MSGPACK_TYPE } from "../../contract/media-types.ts";
import { refuseHttp } from "./problem.ts";

/**
 * The offered type that `Accept` wants most; among equals the first offered.
 * @param isLenient where it wants none, the first offered (RFC 9110, 12.4.1 leaves that to the server); else that throws 406
 */
export function negotiate(request: Request, offered: readonly string[], isLenient = false): string {
  const accept = request.headers.get("accept");
  if (accept === null || accept === "" || accept === "*/*") return offered[0]!;
  let best: string | undefined;
  let bestQuality = 0;
  const ranges = accept.split(",").map(parseRange);
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) [best, bestQuality] = [type, quality];
  }
  if (best === undefined && isLenient) return offered[0]!;
  if (best === undefined) throw refuseHttp(406, `This can be given as ${offered.join(", ")}.`);
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(range: string): MediaRange {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { type: canonical(type), quality: Number.isFinite(quality) ? quality : 0 };
}

/** The most exact range that matches decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const pattern of [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"]) {
    const range = ranges.find((candidate) => candidate.type === pattern);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

function canonical(type: string): string {
  return MSGPACK_ALIASES.includes(type) ? MSGPACK_TYPE : type;
}

/** The body's media type without parameters, in lower case; "" where the request does not say. */
export function bodyType(request: Request): string {
  const header = request.headers.get("content-type");
  if (header === null) return "";
  const end = header.indexOf(";");
  return canonical((end < 0 ? header : header.slice(0, end)).trim().toLowerCase());
}
