// From what went wrong to application/problem+json (RFC 9457): the one place where the HTTP listener turns errors into answers.
// A handler answers a result, or throws a ProblemError; anything else that is thrown is a bug, or the platform's.

import type { LogOffsets, ReadFailure } from "../../broker/ports.ts";
import { type ErrorName, errorCode, errorHttpStatus, errorMessage, type Failure, isFailure, isRetriable } from "../../common/errors.ts";
import { internalReference, storageFault } from "../../common/storage-fault.ts";
import { PROBLEM_TYPE } from "../../contract/media-types.ts";
import type { Problem } from "../../contract/problem.ts";

/** Seconds that a client is told to wait on 429 and 503. */
const RETRY_AFTER_S = 1;

/** Titles of statuses that HTTP has and Kafka has not. */
const HTTP_TITLES: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  426: "Upgrade Required",
};

export interface ProblemOptions {
  /** Where HTTP has a status that the error's own does not say. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the problem beside the usual ones. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Ends a request with a problem. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly failure: Failure;
  readonly options: ProblemOptions;

  constructor(failure: Failure, options: ProblemOptions = {}) {
    super(failure.detail);
    this.failure = failure;
    this.options = options;
  }
}

export function refuse(error: ErrorName, detail: string, options: ProblemOptions = {}): ProblemError {
  return new ProblemError({ error, detail }, options);
}

/** A refusal that only HTTP knows: no such route, no such media type. */
export function refuseHttp(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): ProblemError {
  return new ProblemError({ error: "INVALID_REQUEST", detail }, { status, headers });
}

export function problemOf(failure: Failure, options: ProblemOptions = {}): Problem {
  const status = options.status ?? errorHttpStatus(failure.error);
  return {
    type: `/docs#${failure.error}`,
    title: (options.status === undefined ? undefined : HTTP_TITLES[status]) ?? errorMessage(failure.error),
    status,
    detail: failure.detail,
    code: failure.error,
    errorCode: errorCode(failure.error),
    retriable: isRetriable(failure.error) || status === 429 || status === 503,
    ...options.extensions,
  };
}

export function problemResponse(error: ProblemError): Response {
  const problem = problemOf(error.failure, error.options);
  const headers = new Headers({ "content-type": PROBLEM_TYPE, ...error.options.headers });
  const isForLater = problem.status === 429 || problem.status === 503;
  if (isForLater && !headers.has("retry-after")) headers.set("retry-after", String(RETRY_AFTER_S));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** What a part of an answer that was refused carries; nothing where it was not. */
export function refusal(failure: Failure | undefined): { code?: string; errorCode?: number; detail?: string } {
  return failure === undefined ? {} : { code: failure.error, errorCode: errorCode(failure.error), detail: failure.detail };
}

/**
 * Anything thrown as a ProblemError. What the platform says of its own calls (a Durable Object that is overloaded, or was moved) is
 * 503, and so is a disk that takes nothing; the rest is a bug: 500 without internals, which go to the log.
 */
export function asProblem(thrown: unknown, about: { readonly requestId: string; readonly request: string }): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const fault = storageFault(thrown);
  if (fault !== null) return refuse("KAFKA_STORAGE_ERROR", `What was asked could not be stored: ${fault}.`);
  const flags = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    retryable?: boolean;
    overloaded?: boolean;
    durableObjectReset?: boolean;
  };
  if (flags.overloaded)
    return refuse("LEADER_NOT_AVAILABLE", "The object that serves this is overloaded. Try again later, and less often.");
  if (flags.retryable || flags.durableObjectReset)
    return refuse("NETWORK_EXCEPTION", "The connection to the object that serves this broke. Try again.");
  logUnexpected(thrown, about);
  const reference = internalReference(thrown);
  if (reference !== null) {
    return refuse("NETWORK_EXCEPTION", `The object that serves this failed. Try again; the broker's log has more under ${reference}.`);
  }
  return refuse("UNKNOWN_SERVER_ERROR", `The request failed unexpectedly. The log has more under the request id ${about.requestId}.`);
}

export function logUnexpected(thrown: unknown, about: { readonly requestId: string; readonly request: string }): void {
  const error = thrown instanceof Error ? { message: thrown.message, stack: thrown.stack } : { message: String(thrown) };
  console.error(JSON.stringify({ level: "error", event: "http.unexpected", ...about, ...error }));
}

/** The result, where it is one: a refusal ends the request. */
export function requireResult<Result extends object>(result: Result | Failure): Exclude<Result, Failure> {
  if (isFailure(result)) throw new ProblemError(result);
  return result as Exclude<Result, Failure>;
}

/** An offset out of range tells the range. */
export function readProblem(failed: ReadFailure): ProblemError {
  return new ProblemError(failed, failed.offsets === undefined ? {} : { extensions: logOffsets(failed.offsets) });
}

/** The offsets of a partition, as answers and problems carry them. */
export function logOffsets({ logStartOffset, highWatermark, lastStableOffset, leaderEpoch }: LogOffsets) {
  return { logStartOffset, highWatermark, lastStableOffset, leaderEpoch };
}
