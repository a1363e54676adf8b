// What the blocks of docs/sdk.md take for granted: the names that they use and do not make.

import type { Client } from "sluice/client";

export interface BlockContext {
  readonly client: Client;
  readonly token: string;
  readonly env: { readonly SLUICE: { fetch(url: string, init: RequestInit): Promise<Response> }; readonly SLUICE_TOKEN: string };
  readonly app: { request(url: string, init: RequestInit): Promise<Response> };
  readonly events: readonly unknown[];
  readonly value: unknown;
  readonly path: URL;
  /** Resolves once two were handled. Whoever waits for it ends by itself: others are ended after the third. */
  readonly stopped: Promise<void>;
  readonly handle: (value: unknown) => Promise<void>;
}
