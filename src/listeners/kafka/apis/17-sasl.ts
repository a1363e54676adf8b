// SaslHandshake (key 17), versions 0-1, and SaslAuthenticate (36), versions 0-2: PLAIN (RFC 4616), where the password is the token and
// the user name is anything. Not here: SCRAM, reauthentication.

import { errorCode } from "../../../common/errors.ts";
import { sameSecret } from "../../../common/same-secret.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

const MECHANISMS: readonly string[] = ["PLAIN"];
const NO_BYTES = new Uint8Array(0);

export const saslHandshake = serve(API.saslHandshake, { min: 0, max: 1 }, async ({ request, session }) => {
  const isKnown = MECHANISMS.includes(request.mechanism);
  if (isKnown) session.saslMechanism = request.mechanism;
  return { errorCode: isKnown ? 0 : errorCode("UNSUPPORTED_SASL_MECHANISM"), mechanisms: MECHANISMS };
});

export const saslAuthenticate = serve(API.saslAuthenticate, { min: 0, max: 2 }, async ({ request, session, settings }) => {
  const refuse = (error: "ILLEGAL_SASL_STATE" | "SASL_AUTHENTICATION_FAILED", errorMessage: string) => ({
    errorCode: errorCode(error),
    errorMessage,
    authBytes: NO_BYTES,
  });
  if (session.saslMechanism === null) return refuse("ILLEGAL_SASL_STATE", "SaslHandshake comes before SaslAuthenticate");
  const password = plainPassword(request.authBytes);
  if (password === null) return refuse("SASL_AUTHENTICATION_FAILED", "PLAIN is: authorization id, NUL, user name, NUL, password");
  const { adminToken, isOpen } = settings;
  if (adminToken === null && !isOpen) return refuse("SASL_AUTHENTICATION_FAILED", "the broker is closed until SLUICE_ADMIN_TOKEN is set");
  if (adminToken !== null && !(await sameSecret(password, adminToken))) {
    return refuse("SASL_AUTHENTICATION_FAILED", "the password is not the broker's token");
  }
  session.isAuthenticated = true;
  return { errorCode: 0, errorMessage: null, authBytes: NO_BYTES };
});

function plainPassword(message: Uint8Array): string | null {
  const parts = new TextDecoder().decode(message).split("\0");
  return parts.length === 3 ? parts[2]! : null;
}
