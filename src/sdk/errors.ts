// The errors of the SDK: classes, each with Kafka's code and number, whether trying again may help, and the HTTP status that brought it.
// Errors that the client finds by itself (a timeout, a full buffer, a broken connection) have the code that Kafka's client has for them.

import { type ErrorName, errorCode, isErrorName, isRetriable } from "../common/errors.ts";

export interface SluiceErrorOptions {
  /** HTTP status of the answer; 0 where there was none. */
  readonly status?: number;
  /** What the answer says, where it differs from Kafka's table: 429 and 503 are retriable whatever the code. */
  readonly retriable?: boolean;
  /** How long the broker asks to wait (ms). */
  readonly retryAfterMs?: number;
  /** The whole problem, with members that only this error has. */
  readonly problem?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** What any call of the SDK rejects with, beside mistakes in its arguments (TypeError, RangeError) and the reason of an aborted signal. */
export class SluiceError extends Error {
  override readonly name: string = "SluiceError";
  /** Kafka's name, e.g. `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly code: ErrorName;
  /** Kafka's number. */
  readonly errorCode: number;
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(code: ErrorName, message: string, options: SluiceErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.errorCode = errorCode(code);
    this.retriable = options.retriable ?? isRetriable(code);
    this.status = options.status ?? 0;
    this.retryAfterMs = options.retryAfterMs;
    this.problem = options.problem ?? {};
  }

  /** Whether the request may have been carried out all the same: the answer was lost, or says that the broker itself does not know. */
  get isInDoubt(): boolean {
    return IN_DOUBT.has(this.code);
  }
}

const IN_DOUBT: ReadonlySet<ErrorName> = new Set<ErrorName>([
  "UNKNOWN_SERVER_ERROR",
  "REQUEST_TIMED_OUT",
  "NETWORK_EXCEPTION",
  "LEADER_NOT_AVAILABLE",
  "COORDINATOR_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
]);

/** No answer in time. */
export class TimeoutError extends SluiceError {
  override readonly name: string = "TimeoutError";
  constructor(message: string, options: SluiceErrorOptions = {}) {
    super("REQUEST_TIMED_OUT", message, options);
  }
}

/** The producer's buffer had no room for a record within `maxBlockMs` (Kafka's BufferExhaustedException). */
export class BufferExhaustedError extends TimeoutError {
  override readonly name: string = "BufferExhaustedError";
}

/** The connection broke, or something between here and the broker answered in its stead. */
export class NetworkError extends SluiceError {
  override readonly name: string = "NetworkError";
  constructor(message: string, options: SluiceErrorOptions = {}) {
    super("NETWORK_EXCEPTION", message, options);
  }
}

/** What was called is closed. */
export class ClosedError extends SluiceError {
  override readonly name: string = "ClosedError";
  constructor(what: string) {
    super("INVALID_REQUEST", `the ${what} is closed`, { retriable: false });
  }
}

/** 401: the token is missing or not valid. */
export class AuthenticationError extends SluiceError {
  override readonly name: string = "AuthenticationError";
}

/** 403: the token may not do this. */
export class AuthorizationError extends SluiceError {
  override readonly name: string = "AuthorizationError";
}

/** A record, or a batch of them, is larger than the producer or the topic allows. */
export class RecordTooLargeError extends SluiceError {
  override readonly name: string = "RecordTooLargeError";
}

/** A newer producer has the same transactional id: this one can only be closed. */
export class ProducerFencedError extends SluiceError {
  override readonly name: string = "ProducerFencedError";
}

/** The group does not know the member any more, or not by this epoch: it has to join again. */
export class FencedMemberError extends SluiceError {
  override readonly name: string = "FencedMemberError";
}

/** The offset is outside what the partition holds: `logStartOffset` to `highWatermark`. */
export class OffsetOutOfRangeError extends SluiceError {
  override readonly name: string = "OffsetOutOfRangeError";

  get logStartOffset(): number {
    return Number(this.problem.logStartOffset ?? -1);
  }

  get highWatermark(): number {
    return Number(this.problem.highWatermark ?? -1);
  }
}

type ErrorClass = new (code: ErrorName, message: string, options?: SluiceErrorOptions) => SluiceError;

const CLASSES: Partial<Record<ErrorName, ErrorClass>> = {
  SASL_AUTHENTICATION_FAILED: AuthenticationError,
  TOPIC_AUTHORIZATION_FAILED: AuthorizationError,
  GROUP_AUTHORIZATION_FAILED: AuthorizationError,
  CLUSTER_AUTHORIZATION_FAILED: AuthorizationError,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: AuthorizationError,
  MESSAGE_TOO_LARGE: RecordTooLargeError,
  RECORD_LIST_TOO_LARGE: RecordTooLargeError,
  PRODUCER_FENCED: ProducerFencedError,
  INVALID_PRODUCER_EPOCH: ProducerFencedError,
  FENCED_MEMBER_EPOCH: FencedMemberError,
  UNKNOWN_MEMBER_ID: FencedMemberError,
  FENCED_INSTANCE_ID: FencedMemberError,
  OFFSET_OUT_OF_RANGE: OffsetOutOfRangeError,
};

/** The error of a Kafka code, in the class that it has. */
export function errorOf(code: ErrorName, message: string, options: SluiceErrorOptions = {}): SluiceError {
  if (code === "NETWORK_EXCEPTION") return new NetworkError(message, options);
  if (code === "REQUEST_TIMED_OUT") return new TimeoutError(message, options);
  return new (CLASSES[code] ?? SluiceError)(code, message, options);
}

/** The error of a part of an answer that was refused, which carries a `code` (contract/fields.ts, refusalFields). */
export function refusalOf({
  code,
  detail,
}: {
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}): SluiceError | null {
  return code === undefined ? null : errorOf(knownCode(code), detail ?? "refused");
}

/** Kafka's name, or UNKNOWN_SERVER_ERROR for one that this version does not know. */
export function knownCode(code: unknown): ErrorName {
  return isErrorName(code) ? code : "UNKNOWN_SERVER_ERROR";
}
