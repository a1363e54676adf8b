// A toy S3 endpoint on a free port: one bucket, path style, every signature checked, and faults on demand.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { refuse, S3Operations, type S3Request, type S3Response } from "./operations.ts";
import { type Credentials, signatureFault } from "./signature.ts";

/**
 * What goes wrong with a request:
 * a number       it is refused with that status, without an effect
 * "cut"          the connection is cut before it has an effect
 * "lost answer"  it has its effect, then the connection is cut
 * "half body"    the answer's body is cut in the middle
 */
export type Fault = number | "cut" | "lost answer" | "half body";

export interface ToyS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: Credentials;
  readonly operations: S3Operations;
  /** `METHOD /path?query` of every request, in order. */
  readonly log: string[];
  /** Signatures that were wrong. */
  readonly signatureFaults: string[];
  /** The next requests whose log line matches meet these faults, one each. */
  failNext(pattern: RegExp, faults: readonly Fault[]): void;
  stop(): Promise<void>;
}

const STATUS_CODES: Readonly<Record<number, string>> = {
  403: "AccessDenied",
  429: "TooManyRequests",
  500: "InternalError",
  503: "SlowDown",
};

export async function startToyS3(): Promise<ToyS3> {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/+key", sessionToken: "token==", region: "eu-test-1" };
  const operations = new S3Operations();
  const log: string[] = [];
  const signatureFaults: string[] = [];
  let planned: { pattern: RegExp; faults: Fault[] } | null = null;

  const takeFault = (line: string) => (planned?.pattern.test(line) ? (planned.faults.shift() ?? null) : null);

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    const line = `${request.method} ${request.url}`;
    log.push(line);
    const wrong = signatureFault(request, body, credentials);
    if (wrong !== null) {
      signatureFaults.push(`${line}: ${wrong}`);
      return send(request, response, refuse(403, "SignatureDoesNotMatch"));
    }
    const fault = takeFault(line);
    if (fault === "cut") return void request.socket.destroy();
    if (typeof fault === "number") return send(request, response, refuse(fault, STATUS_CODES[fault] ?? "Unknown"));
    const result = operations.handle(parse(request, body));
    if (fault === "lost answer") return void request.socket.destroy();
    if (fault === "half body") return sendHalf(request, response, result);
    send(request, response, result);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy()); // the client went away in the middle of its body
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: BUCKET,
    credentials,
    operations,
    log,
    signatureFaults,
    failNext(pattern, faults) {
      planned = { pattern, faults: [...faults] };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const BUCKET = "toy-bucket";

function parse(request: IncomingMessage, body: Buffer): S3Request {
  const [path = "", search = ""] = request.url!.split("?");
  const [, bucket, ...steps] = path.split("/").map(decodeURIComponent);
  if (bucket !== BUCKET) throw new Error(`no such bucket: ${bucket}`);
  return { method: request.method!, key: steps.join("/"), query: new URLSearchParams(search), headers: request.headers, body };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body = "" }: S3Response): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, ...(status === 304 || status === 204 ? {} : { "content-length": bytes.length }) });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function sendHalf(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body = "" }: S3Response): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => request.socket.destroy());
}
