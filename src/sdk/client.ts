// The way to the broker: one interface over `fetch`, whichever fetch it is. The network's with a URL and a token, a service binding's in a
// Worker, or that of an app in the same process in tests. Every call of the SDK goes through `attempt` (once) or `call` (again, with
// Kafka's backoff, while the error is retriable and the time is not over). A problem (RFC 9457) becomes an error of errors.ts; what is
// not a problem, or no answer at all, a NetworkError.

import { type Backoff, backoffMs, DEFAULT_BACKOFF, sleep } from "./backoff.ts";
import { errorOf, knownCode, NetworkError, SluiceError, TimeoutError } from "./errors.ts";
import { MAX_TIMER_MS, requireInteger } from "./option-checks.ts";

/** As `globalThis.fetch`. It takes a body's bytes before it returns, as the Fetch standard has it: the SDK uses buffers again. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response> | Response;

export interface ClientOptions {
  /** Of the broker, e.g. `https://sluice.example.workers.dev`. With a binding or a fetch of your own it is only a name. */
  readonly url?: string;
  /** Sent as `Authorization: Bearer TOKEN`. A function is asked before each request: for tokens that are renewed. */
  readonly token?: string | (() => string | Promise<string>);
  /** A service binding to the broker's Worker, or anything else with a `fetch`. */
  readonly binding?: { fetch(url: string, init: RequestInit): Promise<Response> | Response };
  /** Instead of the platform's. */
  readonly fetch?: Fetch;
  /** By which quotas and logs know this client (Kafka's client.id), sent as `x-client-id`. */
  readonly clientId?: string;
  /** Longest wait for one answer (ms, request.timeout.ms). */
  readonly requestTimeoutMs?: number;
  /** Longest time for a call with all its repetitions (ms, default.api.timeout.ms). */
  readonly apiTimeoutMs?: number;
  readonly backoff?: Backoff;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON, unless it is bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for one answer (ms), instead of the client's; all repetitions have as long, where that is more than apiTimeoutMs. */
  readonly timeoutMs?: number;
  /** What would happen twice if the first answer was lost is not asked again once the outcome is in doubt. */
  readonly isRepeatable?: boolean;
}

const DEFAULT_URL = "http://sluice";

export class Client {
  readonly url: string;
  readonly apiTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly backoff: Backoff;
  /** Whether it reaches the broker by something other than the platform's network. */
  readonly hasOwnFetch: boolean;
  readonly #fetch: Fetch;
  readonly #token: ClientOptions["token"];
  readonly #clientId: string | undefined;

  /** @throws TypeError without a way to the broker, RangeError that names a time which cannot be */
  constructor(options: ClientOptions) {
    const { binding } = options;
    if (options.url === undefined && binding === undefined && options.fetch === undefined) {
      throw new TypeError("a client needs a url, a binding or a fetch");
    }
    this.url = (options.url ?? DEFAULT_URL).replace(/\/+$/, "");
    this.apiTimeoutMs = options.apiTimeoutMs ?? 60_000;
    this.requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    requireInteger("apiTimeoutMs", this.apiTimeoutMs, 1, MAX_TIMER_MS);
    requireInteger("requestTimeoutMs", this.requestTimeoutMs, 1, MAX_TIMER_MS);
    this.backoff = options.backoff ?? DEFAULT_BACKOFF;
    this.#fetch = options.fetch ?? (binding === undefined ? (url, init) => fetch(url, init) : (url, init) => binding.fetch(url, init));
    this.hasOwnFetch = binding !== undefined || options.fetch !== undefined;
    this.#token = options.token;
    this.#clientId = options.clientId;
  }

  /**
   * Asks until it is answered, as long as the error is retriable and the time is not over.
   * @returns the answer's JSON; undefined for 204
   */
  async call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const attempt = (leftMs: number) => {
      const timeoutMs = Math.min(leftMs, options.timeoutMs ?? this.requestTimeoutMs);
      return this.attempt(method, path, { ...options, timeoutMs }, readJson);
    };
    return (await this.repeat(attempt, options)) as Answer;
  }

  /** Repeats `attempt`, which gets the time that is left (ms). */
  async repeat<Result>(
    attempt: (leftMs: number) => Promise<Result>,
    { signal, isRepeatable = true, timeoutMs = 0 }: Pick<CallOptions, "signal" | "isRepeatable" | "timeoutMs"> = {},
  ): Promise<Result> {
    const deadline = Date.now() + Math.max(this.apiTimeoutMs, timeoutMs);
    for (let attempts = 0; ; attempts++) {
      try {
        return await attempt(deadline - Date.now());
      } catch (error) {
        if (!(error instanceof SluiceError) || !isWorthRepeating(error) || (error.isInDoubt && !isRepeatable)) throw error;
        const waitMs = backoffMs(this.backoff, attempts, error.retryAfterMs);
        if (Date.now() + waitMs >= deadline) throw error;
        await sleep(waitMs, signal);
      }
    }
  }

  /**
   * Asks once, and reads the answer, which is below 400, within the same time.
   * @throws SluiceError, or the reason of the signal
   */
  async attempt<Answer>(
    method: string,
    path: string,
    options: CallOptions,
    read: (response: Response) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { signal, timeoutMs = this.requestTimeoutMs } = options;
    signal?.throwIfAborted();
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), Math.min(Math.max(0, timeoutMs), MAX_TIMER_MS));
    try {
      const response = await this.#send(method, path, options, joined(timeout.signal, signal));
      if (response.status >= 400) throw await problemError(response);
      return await read(response);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      signal?.throwIfAborted();
      if (timeout.signal.aborted) throw new TimeoutError(`${method} ${path} was not answered within ${timeoutMs} ms`);
      throw new NetworkError(`${method} ${path} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks for an answer that has no end: no timeout once it began. */
  async open(path: string, options: CallOptions = {}): Promise<Response> {
    return this.attempt("GET", path, options, (response) => response);
  }

  /** The token to use now. */
  async token(): Promise<string | undefined> {
    return typeof this.#token === "function" ? this.#token() : this.#token;
  }

  /** An address of the broker. */
  address(path: string, query: CallOptions["query"] = {}): string {
    const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    return this.url + path + (pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`);
  }

  async #send(method: string, path: string, { query, body, headers }: CallOptions, signal: AbortSignal): Promise<Response> {
    const token = await aborted(signal, this.token()); // a token that does not come holds nobody up for longer than an answer
    const isBytes = body instanceof Uint8Array;
    const response = this.#fetch(this.address(path, query), {
      method,
      signal,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(this.#clientId === undefined ? {} : { "x-client-id": this.#clientId }),
        ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    return aborted(signal, Promise.resolve(response));
  }
}

/** Kafka calls an unknown topic retriable, since its metadata spread slowly. Here what is not there is not there. */
export function isWorthRepeating({ retriable, status }: SluiceError): boolean {
  return retriable && status !== 404;
}

/** The client of a broker. See ClientOptions for the ways to reach one. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

/** `work`, or a rejection once the signal aborts: a fetch of one's own may not know signals. */
function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    work.then(resolve, reject);
  });
}

function joined(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

/** undefined for 204. One that is cut short throws, which is a NetworkError as any broken connection. */
export async function readJson(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : response.json();
}

/** The error of an answer from 400 on. */
async function problemError(response: Response): Promise<SluiceError> {
  const { status } = response;
  const retryAfterS = Number(response.headers.get("retry-after"));
  const retryAfterMs = retryAfterS > 0 ? retryAfterS * 1000 : 0;
  const text = await response.text();
  const problem = parseProblem(text);
  if (problem === null) return unknownAnswer(status, text, retryAfterMs);
  const retriable = problem.retriable === true;
  return errorOf(knownCode(problem.code), String(problem.detail ?? problem.title), { status, retriable, retryAfterMs, problem });
}

function parseProblem(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "code" in value ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // not JSON: an answer of something that is not the broker
  }
}

const SHOWN_CHARACTERS = 200;

function unknownAnswer(status: number, text: string, retryAfterMs: number): SluiceError {
  const retriable = status === 408 || status === 429 || status >= 500;
  const detail = `something other than the broker answered ${status}: ${text.slice(0, SHOWN_CHARACTERS)}`;
  return new NetworkError(detail, { status, retriable, retryAfterMs });
}
