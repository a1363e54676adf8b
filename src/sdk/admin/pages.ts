// Listings that come in pages, as one sequence.

import type { CallOptions, Client } from "../client.ts";

interface Page {
  readonly nextCursor: string | null;
}

/** Every page, each asked for when the one before is used up. */
export async function* pages<Answer extends Page>(client: Client, path: string, query: CallOptions["query"] = {}): AsyncGenerator<Answer> {
  let cursor: string | null = null;
  do {
    const page: Answer = await client.call<Answer>("GET", path, { query: { ...query, cursor: cursor ?? undefined } });
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
