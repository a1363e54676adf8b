// The body of a call and the headers that belong to it.

export interface Payload {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
