// Checks a request's signature as S3 does: AWS Signature Version 4, in the Authorization header. Written from its specification ("Create a
// signed AWS API request", Amazon S3 API Reference), with nothing of the client's.

import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly region: string;
}

/** Null: the signature is right, and the body is the one that was signed. Else what is wrong. */
export function signatureFault(request: IncomingMessage, body: Buffer, credentials: Credentials): string | null {
  const { authorization = "", "x-amz-content-sha256": bodyHash, "x-amz-date": time, "x-amz-security-token": token } = request.headers;
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(authorization);
  if (match === null) return "no signature";
  const [, accessKeyId, scope, signedHeaders, signature] = match as unknown as [string, string, string, string, string];
  const date = String(time).slice(0, 8);
  if (accessKeyId !== credentials.accessKeyId) return "unknown access key";
  if (token !== credentials.sessionToken) return "another session token";
  if (scope !== `${date}/${credentials.region}/s3/aws4_request`) return `scope ${scope}`;
  if (Math.abs(Date.now() - parseTime(String(time))) > 15 * 60_000) return `time ${time}`;
  const names = signedHeaders.split(";");
  const unsigned = ["host", ...Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"))].filter(
    (name) => !names.includes(name),
  );
  if (unsigned.length > 0) return `unsigned headers: ${unsigned}`;
  if (bodyHash !== "UNSIGNED-PAYLOAD" && bodyHash !== sha256(body)) return "another body";
  const canonical = canonicalRequest(request, names, String(bodyHash));
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [date, credentials.region, "s3", "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${credentials.secretAccessKey}`);
  return hmac(key, toSign).toString("hex") === signature ? null : "another signature";
}

function canonicalRequest(request: IncomingMessage, names: readonly string[], bodyHash: string): string {
  const [path = "", search = ""] = request.url!.split("?");
  const query = search
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => pair.split("=").map((part) => encode(decodeURIComponent(part))))
    .map(([name, value = ""]) => `${name}=${value}`)
    .sort();
  const headers = names.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? "")
        .trim()
        .replace(/ +/g, " ")}\n`,
  );
  const encodedPath = path.split("/").map((step) => encode(decodeURIComponent(step)));
  return [request.method, encodedPath.join("/"), query.join("&"), headers.join(""), names.join(";"), bodyHash].join("\n");
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** 20260131T235959Z */
function parseTime(time: string): number {
  return Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}
