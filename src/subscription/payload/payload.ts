// The body of a call and the headers that belong to it, behind the text that is signed with it (signature.ts): the body is made in the
// same memory, and is not copied to be signed.

export interface Payload {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The prefix that was asked for, and the body. */
  readonly signed: Uint8Array<ArrayBuffer>;
  /** A view of its end. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** @param bodyAt where the body begins */
export function payloadOf(headers: Payload["headers"], signed: Uint8Array<ArrayBuffer>, bodyAt: number): Payload {
  return { headers, signed, body: signed.subarray(bodyAt) };
}

/** @param body as text, or as bytes that are copied */
export function prefixed(prefix: string, headers: Payload["headers"], body: string | Uint8Array): Payload {
  const start = encoder.encode(prefix);
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const signed = new Uint8Array(start.length + bytes.length);
  signed.set(start);
  signed.set(bytes, start.length);
  return payloadOf(headers, signed, start.length);
}
