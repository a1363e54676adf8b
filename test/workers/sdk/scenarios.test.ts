// The SDK inside workerd, as a Worker uses it over a service binding: the scenarios that every platform passes.

import { expect, test } from "vitest";
import core from "../../../build/core.wasm";
import { createCodecs } from "../../../src/codecs.ts";
import * as sdk from "../../../src/sdk/index.ts";
import * as share from "../../../src/sdk/share/share-consumer.ts";
import { type Kit, SCENARIOS } from "../../support/sdk-scenarios/index.ts";
import { request } from "../support/worker-request.ts";

/** As `env.SLUICE` of a Worker that is bound to the broker. */
const binding = {
  fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url);
    return request(pathname + search, init as RequestInit<IncomingRequestCfProperties>);
  },
};

const kit: Kit = {
  sdk,
  share,
  codecs: createCodecs(core),
  fetch: binding.fetch,
  connect: (options) => sdk.createClient({ binding, ...options }),
};

test.each(SCENARIOS)("$name", async ({ run, expected }) => {
  expect(await run(kit)).toEqual(expected);
});
