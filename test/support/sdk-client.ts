// A client of the SDK on an app in the same process.

import { type Client, type ClientOptions, createClient } from "../../src/sdk/client.ts";
import type { TestApp } from "./http.ts";

export function clientOf(app: TestApp, options: ClientOptions = {}): Client {
  const fetch = (url: string, init: RequestInit) => {
    const { pathname, search } = new URL(url);
    return app.request(pathname + search, init);
  };
  return createClient({ fetch, backoff: { initialMs: 1, maxMs: 2 }, ...options });
}
