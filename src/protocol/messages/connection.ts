// SaslHandshake (key 17), ApiVersions (18) and SaslAuthenticate (36): what a connection begins with.
//
// SaslHandshake      1: the tokens travel in SaslAuthenticate
// ApiVersions        3: flexible, software name and version (KIP-511), features (KIP-584)   4: features may begin at 0
// SaslAuthenticate   1: session lifetime (KIP-368)   2: flexible
//
// ApiVersions' answer has response header 0 whatever its version (KIP-511): a client reads it before it knows what the broker speaks.

import { array, bool, bytes, int16, int32, int64, string } from "../fields.ts";
import { message } from "../message.ts";

export const saslHandshakeRequest = message("SaslHandshakeRequest", "0-1", "none", {
  mechanism: string(),
});

export const saslHandshakeResponse = message("SaslHandshakeResponse", "0-1", "none", {
  errorCode: int16(),
  mechanisms: array(string()),
});

export const apiVersionsRequest = message("ApiVersionsRequest", "0-4", "3+", {
  clientSoftwareName: string("3+"),
  clientSoftwareVersion: string("3+"),
});

export const apiVersionsResponse = message("ApiVersionsResponse", "0-4", "3+", {
  errorCode: int16(),
  apiKeys: array({ apiKey: int16(), minVersion: int16(), maxVersion: int16() }),
  throttleTimeMs: int32("1+"),
  supportedFeatures: array({ name: string(), minVersion: int16(), maxVersion: int16() }, "3+", { tag: 0 }),
  finalizedFeaturesEpoch: int64("3+", { default: -1, tag: 1 }),
  finalizedFeatures: array({ name: string(), maxVersionLevel: int16(), minVersionLevel: int16() }, "3+", { tag: 2 }),
  zkMigrationReady: bool("3+", { default: false, tag: 3 }),
});

export const saslAuthenticateRequest = message("SaslAuthenticateRequest", "0-2", "2+", {
  authBytes: bytes(),
});

export const saslAuthenticateResponse = message("SaslAuthenticateResponse", "0-2", "2+", {
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  authBytes: bytes(),
  sessionLifetimeMs: int64("1+", { default: 0 }),
});
