// Makes the call of a delivery: its body, its signature, and the headers that name it.

import { VERSION } from "../common/version.ts";
import type { JsonWriter } from "../wasm/json-writer.ts";
import type { SubscriptionConfig } from "./config.ts";
import { Deadlines, type Timer } from "./deadlines.ts";
import type { Delivery } from "./delivery-machine.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import { buildPayload } from "./payload/build.ts";
import { type Secrets, validSecrets } from "./secrets.ts";
import { type CallOutcome, type FetchCall, send } from "./send.ts";
import { Signer, signingOf } from "./signature.ts";

export interface CallerOptions {
  readonly name: string;
  readonly config: SubscriptionConfig;
  /** Asked at each call: they are rotated while calls go on. */
  readonly secrets: () => Secrets;
  readonly call: FetchCall;
  readonly json: JsonWriter;
  /** ms since the epoch */
  readonly now: () => number;
  readonly timer: Timer;
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #signer = new Signer();
  readonly #deadlines: Deadlines;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.config.timeoutMs, options.timer);
  }

  /** Never rejects for what the endpoint does. */
  async call(delivery: Delivery): Promise<CallOutcome> {
    const { name, config, secrets, call, json, now } = this.#options;
    const id = await idempotencyKey(delivery);
    const signing = signingOf(id, now());
    const { headers, signed, body } = buildPayload(json, signing.prefix, name, config, delivery);
    const signature = await this.#signer.sign(signing, signed, validSecrets(secrets(), now()));
    const own = {
      "user-agent": `Sluice/${VERSION}`,
      "idempotency-key": id,
      "sluice-subscription": name,
      "sluice-attempt": String(delivery.attempts + 1),
    };
    const all = { ...config.headers, ...headers, ...own, ...signature };
    const deadline = this.#deadlines.enter();
    try {
      return await send(call, { url: config.url, timeoutMs: config.timeoutMs, headers: all, body }, deadline.signal, now);
    } finally {
      deadline.leave();
    }
  }
}
