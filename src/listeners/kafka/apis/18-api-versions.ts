// ApiVersions (key 18), versions 0-4: what this broker speaks. A version that it does not know is answered in version 0 with the error,
// on a connection that stays open (KIP-511): connection.ts asks for that. 3: features (../features.ts).

import { type ErrorName, errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { EncodableOf } from "../../../protocol/message.ts";
import { type ServedApi, serve } from "../call.ts";
import { toldFeatures } from "../features.ts";

/** The answer of a version, which lists `served`. */
export function apiVersionsAnswer(
  served: readonly ServedApi[],
  version: number,
  error: ErrorName = "NONE",
): EncodableOf<typeof API.apiVersions.response> {
  const apiKeys = served.map(({ api, advertisedMinVersion, maxVersion }) => ({
    apiKey: api.key,
    minVersion: advertisedMinVersion,
    maxVersion,
  }));
  return { errorCode: errorCode(error), apiKeys, throttleTimeMs: 0, ...toldFeatures(version) };
}

export function apiVersions(served: () => readonly ServedApi[]): ServedApi {
  return serve(API.apiVersions, { min: 0, max: 4 }, async ({ version }) => apiVersionsAnswer(served(), version));
}
