// Limits of HTTP requests and answers.

import { MAX_RPC_BYTES } from "./platform.ts";
import { MAX_BATCH_BYTES } from "./records.ts";
import { MIB } from "./units.ts";

/**
 * Largest body of an HTTP request that we read whole: a record of 16 MiB in base64, with the JSON around it. The platform takes 100 MB;
 * an isolate has 128 MB for everything.
 */
export const MAX_BODY_BYTES = 24 * MIB;

/** Longest line of a produce by JSON lines: as large a record as a body can hold. */
export const MAX_LINE_BYTES = MAX_BODY_BYTES;

/** Aborted transactions in a header of an HTTP answer, which is cut where they end: clients take 16 KiB of headers (Node's default). */
export const MAX_ABORTED_IN_HEADER = 200;

/** How long a browser remembers that a page may use the broker: the most that Chromium does, and how late it learns otherwise. */
export const PREFLIGHT_MAX_AGE_S = 7_200;

/** A batch is kept whole on its way through an RPC, and a body is one. */
if (MAX_BODY_BYTES > MAX_RPC_BYTES || MAX_BATCH_BYTES > MAX_BODY_BYTES) {
  throw new Error("limits: a body must fit one RPC, a batch a body");
}

/** A JSON body holds the base64 of the largest record. */
if (Math.ceil(MAX_BATCH_BYTES / 3) * 4 > MAX_BODY_BYTES) throw new Error("limits: the largest record in base64 must fit a body");
