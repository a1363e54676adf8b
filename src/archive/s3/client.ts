// Signed calls to an S3-compatible endpoint (AWS Signature Version 4), and what becomes of those that fail.
//
// A busy or broken endpoint (429, 5xx, a connection that is cut or stays silent) is asked again a few times, with random and growing
// pauses. Then, and for every other refusal, the call throws an ArchiveError in R2's terms.

import { AwsClient } from "aws4fetch";
import { ArchiveError, type ErrorName } from "../errors.ts";
import { toHex } from "../hex.ts";
import type { S3Env } from "./env.ts";
import { text } from "./xml.ts";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;

/** Nothing heard for so long: the connection is given up. */
export const SILENCE_MS = 60_000;

/** 409 is S3's ConditionalRequestConflict: another conditional write was under way. */
const RETRIED_STATUSES: readonly number[] = [408, 409, 429, 500, 502, 503, 504];

/** S3's codes that have one of R2's; HEAD answers have no code, so their status decides. */
const ERROR_NAMES: Readonly<Record<string, ErrorName>> = {
  NoSuchKey: "NoSuchKey",
  NoSuchBucket: "NoSuchBucket",
  NoSuchUpload: "NoSuchUpload",
  PreconditionFailed: "PreconditionFailed",
  InvalidRange: "InvalidRange",
  InvalidPart: "InvalidPart",
  InvalidPartOrder: "InvalidPart",
  EntityTooSmall: "EntityTooSmall",
  MetadataTooLarge: "MetadataTooLarge",
  BadDigest: "BadDigest",
  KeyTooLongError: "InvalidObjectName",
  404: "NoSuchKey",
  412: "PreconditionFailed",
  304: "PreconditionFailed",
  416: "InvalidRange",
  401: "AccessDenied",
  403: "AccessDenied",
};

export interface S3Call {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without the prefix; the bucket itself where absent. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes can be sent again; a stream goes out once, unsigned, and its call is not repeated. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream;
}

export interface S3Answer {
  readonly response: Response;
  /** An attempt before this one failed without an answer to it: it may have had its effect. */
  readonly repeated: boolean;
}

export class S3Client {
  readonly #env: S3Env;
  readonly #signer: AwsClient;

  constructor(env: S3Env) {
    this.#env = env;
    this.#signer = new AwsClient({
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      region: env.AWS_REGION,
      service: "s3",
      ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
    });
  }

  /** The first answer that is no failure to be retried; throws an ArchiveError for a refusal, with `repeated` on it. */
  async call(call: S3Call): Promise<S3Answer> {
    const attempts = call.body instanceof ReadableStream ? 1 : ATTEMPTS;
    let repeated = false;
    for (let attempt = 1; ; attempt++) {
      const response = await this.#attempt(call).catch((error: unknown) => error as Error);
      if (response instanceof Response && response.ok) return { response, repeated };
      const failure = response instanceof Response ? await readRefusal(response) : unreachable(response);
      if (attempt === attempts || !failure.retried) throw new S3Refusal(failure.error, repeated);
      repeated = true;
      await pause(attempt);
    }
  }

  async #attempt({ method, key, query, headers, body }: S3Call): Promise<Response> {
    const { S3_ENDPOINT, S3_BUCKET, S3_PREFIX } = this.#env;
    const path = key === undefined ? "" : `/${encodePath(S3_PREFIX + key)}`;
    const search = query === undefined ? "" : `?${encodeQuery(query)}`;
    const hash = body instanceof ReadableStream ? "UNSIGNED-PAYLOAD" : await sha256(body ?? new Uint8Array());
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`no answer within ${SILENCE_MS / 1000} s`)), SILENCE_MS);
    try {
      const signed = await this.#signer.sign(`${S3_ENDPOINT}/${S3_BUCKET}${path}${search}`, {
        method,
        headers: { ...headers, "x-amz-content-sha256": hash },
        ...(body === undefined ? {} : { body }),
      });
      return await fetch(signed, { signal: silence.signal, redirect: "manual" });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What S3 or the network said, in R2's terms. */
export class S3Refusal extends ArchiveError {
  readonly repeated: boolean;

  constructor({ name, detail }: ArchiveError, repeated: boolean) {
    super(name, detail);
    this.repeated = repeated;
  }
}

interface Failure {
  readonly error: ArchiveError;
  readonly retried: boolean;
}

async function readRefusal(response: Response): Promise<Failure> {
  const { status } = response;
  const body = await response.text().catch(() => ""); // a cut connection: the status says enough
  const code = text(body, "Code") ?? "";
  const said = `S3 answered ${[status, code, text(body, "Message") ?? ""].filter((part) => part !== "").join(" ")}`;
  const retried = RETRIED_STATUSES.includes(status);
  const name = ERROR_NAMES[code] ?? ERROR_NAMES[status] ?? (retried ? "ServiceUnavailable" : "InternalError");
  return { error: new ArchiveError(name, isOrdinary(name) ? "" : said), retried };
}

/** What a caller reckons with needs no words of S3's. */
function isOrdinary(name: ErrorName): boolean {
  return name === "NoSuchKey" || name === "PreconditionFailed" || name === "InvalidRange";
}

function unreachable(cause: Error): Failure {
  return { error: new ArchiveError("ServiceUnavailable", `S3 cannot be reached: ${cause.message}`), retried: true };
}

function pause(attempt: number): Promise<void> {
  const most = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  return new Promise((resolve) => setTimeout(resolve, most / 2 + (Math.random() * most) / 2));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** A URL takes "." and ".." for steps, even when they are escaped, so no key may have them between slashes. */
function encodePath(path: string): string {
  const steps = path.split("/");
  if (steps.some((step) => step === "." || step === "..")) {
    throw new ArchiveError("InvalidObjectName", `An S3 archive has no keys with "." or ".." between slashes.`);
  }
  return steps.map(encode).join("/");
}

function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

/** RFC 3986: all but unreserved characters. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
