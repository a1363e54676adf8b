// The sources of inbound webhooks.

import type { PutSourceRequest, RotateSourceSecretRequest, Source, Sources } from "../../contract/ingest.ts";
import type { Client } from "../client.ts";

export class IngestAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** A topic's, by name. */
  async list(topic: string): Promise<Sources["sources"]> {
    const { sources } = await this.#client.call<Sources>("GET", `/v1/topics/${encodeURIComponent(topic)}/ingest`);
    return sources;
  }

  /** Makes or changes one; the request is the whole of it, but for secrets, which stay where it has none. */
  put(topic: string, source: string, request: PutSourceRequest): Promise<Source> {
    return this.#client.call("PUT", sourcePath(topic, source), { body: request });
  }

  describe(topic: string, source: string): Promise<Source> {
    return this.#client.call("GET", sourcePath(topic, source));
  }

  delete(topic: string, source: string): Promise<void> {
    return this.#client.call("DELETE", sourcePath(topic, source));
  }

  /** The secrets before stay valid for the overlap. */
  rotateSecret(topic: string, source: string, request: RotateSourceSecretRequest): Promise<Source> {
    return this.#client.call("POST", `${sourcePath(topic, source)}/rotate-secret`, { body: request });
  }
}

function sourcePath(topic: string, source: string): string {
  return `/v1/topics/${encodeURIComponent(topic)}/ingest/${encodeURIComponent(source)}`;
}
