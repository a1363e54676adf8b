// The scenarios in a page: `import("/page.js")`, with the SDK by its package's names, which the page's import map leads to the built files.

import * as sdk from "sluice/client";
import { loadCodecs } from "sluice/codecs";
import { type Kit, SCENARIOS } from "./index.ts";

export interface PageBroker {
  readonly url: string;
  readonly token?: string;
}

const codecs = loadCodecs(fetch("/core.wasm"));

/** Runs one scenario by its name. @returns what it saw */
export async function run(name: string, broker: PageBroker): Promise<unknown> {
  const kit: Kit = {
    ...{ sdk, codecs: await codecs, fetch: (url, init) => fetch(url, init) },
    connect: (options) => sdk.createClient({ ...broker, ...options }),
  };
  return SCENARIOS.find((scenario) => scenario.name === name)!.run(kit);
}
