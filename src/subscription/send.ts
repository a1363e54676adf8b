// One call to an endpoint, and what its answer means. 2xx: taken; anything else, and no answer in time: not taken. Redirects are not
// followed: where they lead nobody has checked. Of the answer a few KB are read at most, whatever it is long or never ends.

import { MAX_HOOK_ANSWER_BYTES } from "../common/limits/subscriptions.ts";
import { parseRetryAfter } from "./backoff.ts";
import type { CallFailure } from "./delivery-machine.ts";
import type { Payload } from "./payload/payload.ts";

/** How a call is made: the platform's fetch, or a Worker's. */
export type FetchCall = (url: string, init: RequestInit) => Promise<Response>;

export interface CallRequest extends Pick<Payload, "headers" | "body"> {
  readonly url: string;
  readonly timeoutMs: number;
}

export interface CallOutcome {
  /** null: no answer came. */
  readonly status: number | null;
  /** null: it was taken. */
  readonly failure: CallFailure | null;
  /** Beginning of the answer, where it was not taken. */
  readonly answer: string;
}

/** How long the body of an answer that was taken may come, before the connection is given up (ms). */
const DRAIN_MS = 1_000;

/** Makes the call. Never rejects: what goes wrong is the outcome. @param signal aborts when the call has had its time, `timeoutMs` */
export async function send(
  call: FetchCall,
  { url, headers, body, timeoutMs }: CallRequest,
  signal: AbortSignal,
  now: () => number,
): Promise<CallOutcome> {
  try {
    const response = await call(url, { method: "POST", headers, body, redirect: "manual", signal });
    if (response.ok) {
      drain(response);
      return { status: response.status, failure: null, answer: "" };
    }
    const answer = await readBeginning(response, signal);
    return { status: response.status, failure: statusFailure(response, now()), answer };
  } catch (error) {
    const reason = signal.aborted ? `no answer in ${timeoutMs} ms` : `the call failed: ${describe(error)}`;
    return { status: null, failure: { error: reason, retryAfterMs: null, isThrottled: false, isGone: false, isUnknown: true }, answer: "" };
  }
}

function statusFailure({ status, headers }: Response, nowMs: number): CallFailure {
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), nowMs);
  return {
    error: `status ${status}`,
    retryAfterMs,
    isThrottled: status === 429 || status === 503,
    isGone: status === 410,
    isUnknown: false,
  };
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}

/** Reads a short body to its end, so that the connection can be used again; a long one is given up. It was taken all the same. */
function drain(response: Response): void {
  if (response.body === null) return;
  const timeout = AbortSignal.timeout(DRAIN_MS);
  void readBeginning(response, timeout);
}

/** The first bytes of a body as text; what there is when the signal aborts or the connection breaks. */
async function readBeginning({ body }: Response, signal: AbortSignal): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(ignoreBroken);
  signal.addEventListener("abort", stop);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    while (bytes < MAX_HOOK_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.length;
      text += decoder.decode(value.subarray(0, MAX_HOOK_ANSWER_BYTES), { stream: true });
    }
    stop();
  } catch {
    // The connection broke, or the time is over: the beginning is what there is.
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return text;
}

/** Cancelling a body that is broken already changes nothing. */
function ignoreBroken(): void {}
