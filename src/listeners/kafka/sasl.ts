// Who a connection's client is, by SASL: PLAIN (RFC 4616) and SCRAM (RFC 5802), and by whom it may be followed (KIP-368).
//
// PLAIN takes the admin token, a token for programs, or a user's own password. In all that fails the answer is the same, whichever part was
// wrong, and the connection ends behind it.
//
// A connection may authenticate again, as Kafka's SaslServerAuthenticator has it: by the same mechanism, as the same principal, at most
// once a second; in between nothing else is served.

import type { Security } from "../../broker/security.ts";
import { errorCode } from "../../common/errors.ts";
import { sameSecret } from "../../common/same-secret.ts";
import { SCRAM_MECHANISM_CODES, type ScramMechanism, wordsOf } from "../../common/security-words.ts";
import { ADMIN, ANONYMOUS, type Identity, isSameIdentity, userIdentity } from "../../security/identity.ts";
import { ScramExchange } from "../../security/scram-exchange.ts";
import type { KafkaSettings, Session } from "./call.ts";

export const MECHANISMS: readonly string[] = ["PLAIN", ...wordsOf(SCRAM_MECHANISM_CODES)];

/** As Kafka's KafkaChannel.MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS. */
const MIN_REAUTHENTICATION_MS = 1_000;

const NO_BYTES = new Uint8Array(0);

export interface SaslContext {
  readonly session: Session;
  readonly security: Security;
  readonly settings: KafkaSettings;
}

/** Begins with a mechanism. @returns the error to answer with */
export function beginSasl({ session }: SaslContext, mechanism: string): "UNSUPPORTED_SASL_MECHANISM" | "ILLEGAL_SASL_STATE" | null {
  if (!MECHANISMS.includes(mechanism)) return "UNSUPPORTED_SASL_MECHANISM";
  if (session.authenticatedBy !== null) {
    const now = Date.now();
    if (now - session.reauthenticatedAtMs < MIN_REAUTHENTICATION_MS) return "ILLEGAL_SASL_STATE";
    session.reauthenticatedAtMs = now;
  }
  session.saslMechanism = mechanism;
  session.exchange = null;
  return null;
}

/** What the mechanism made of a message: an answer, and who it is once that is known. */
interface Step {
  readonly answer: Uint8Array;
  readonly identity: Identity | null;
}

/** Takes the client's next message of the mechanism that it has chosen. @returns the response of SaslAuthenticate */
export async function continueSasl(context: SaslContext, message: Uint8Array) {
  const { session, settings } = context;
  const { saslMechanism: mechanism, authenticatedBy } = session;
  if (mechanism === null) return refusal("ILLEGAL_SASL_STATE", "SaslHandshake comes before SaslAuthenticate");
  const isAgain = authenticatedBy !== null;
  if (isAgain && mechanism !== authenticatedBy) {
    return refuse(session, `${mechanism} is not the mechanism that the connection is authenticated by: ${authenticatedBy}`);
  }
  if (settings.adminToken === null && !settings.isOpen) return refuse(session, "the broker is closed until SLUICE_ADMIN_TOKEN is set");
  const step = await (mechanism === "PLAIN" ? plainStep(context, message) : scramStep(context, mechanism as ScramMechanism, message));
  if (step === null) {
    return refuse(session, `authentication failed: the credentials are not valid for the SASL mechanism ${mechanism}`);
  }
  const { answer, identity } = step;
  if (identity === null) return { errorCode: 0, errorMessage: null, authBytes: answer };
  if (isAgain && !isSameIdentity(identity, session.identity)) {
    return refuse(session, `a connection cannot change its principal from ${session.identity.principal} to ${identity.principal}`);
  }
  return { errorCode: 0, errorMessage: null, authBytes: answer, sessionLifetimeMs: becomes(context, identity, mechanism) };
}

/** @returns how long that lasts, ms; 0: for as long as the connection */
function becomes({ session, security, settings }: SaslContext, identity: Identity, mechanism: string): number {
  const { maxReauthMs = 0 } = settings;
  Object.assign(session, { isAuthenticated: true, identity, authenticatedBy: mechanism, saslMechanism: null, exchange: null });
  session.access = security.access(identity);
  session.meter = security.meter(identity);
  session.expiresAtMs = maxReauthMs > 0 ? Date.now() + maxReauthMs : null;
  return maxReauthMs;
}

async function plainStep({ security, settings }: SaslContext, message: Uint8Array): Promise<Step | null> {
  const [authorizationId, user, password, ...more] = new TextDecoder().decode(message).split("\0");
  const { adminToken, isOpen } = settings;
  if (user === undefined || password === undefined || more.length > 0) return null;
  if (authorizationId !== "" && authorizationId !== user) return null;
  const step = (identity: Identity | null): Step | null => identity && { answer: NO_BYTES, identity };
  if (adminToken !== null && (await sameSecret(password, adminToken))) return step(ADMIN);
  const holder = (await security.tokenHolder(password)) ?? (await security.userWithPassword(user, password));
  return step(holder ?? (isOpen ? ANONYMOUS : null));
}

async function scramStep({ session, security }: SaslContext, mechanism: ScramMechanism, message: Uint8Array): Promise<Step | null> {
  session.exchange ??= new ScramExchange(mechanism, (user) => security.credential(user, mechanism));
  const step = await session.exchange.step(message);
  return step && { answer: step.answer, identity: step.user === null ? null : userIdentity(step.user) };
}

function refuse(session: Session, errorMessage: string) {
  session.isRefused = true;
  return refusal("SASL_AUTHENTICATION_FAILED", errorMessage);
}

function refusal(error: "ILLEGAL_SASL_STATE" | "SASL_AUTHENTICATION_FAILED", errorMessage: string) {
  return { errorCode: errorCode(error), errorMessage, authBytes: NO_BYTES };
}
