// The scenarios with the SDK by its package's names: in a page (`import("/page.js")`) its import map leads them to the built files, in Bun and
// Deno (lines.ts) they are those of the installed package.

import * as sdk from "sluice/client";
import { loadCodecs } from "sluice/codecs";
import * as share from "sluice/share";
import { type Kit, SCENARIOS } from "./index.ts";
import { valuesOf } from "./scenario.ts";

export interface BrokerAccess {
  readonly url: string;
  readonly token?: string;
}

const codecs = loadCodecs(fetch(import.meta.resolve("sluice/core.wasm")));

async function kitFor(broker: BrokerAccess): Promise<Kit> {
  return {
    ...{ sdk, share, codecs: await codecs, fetch: (url, init) => fetch(url, init) },
    connect: (options) => sdk.createClient({ ...broker, ...options }),
  };
}

/** Runs one scenario by its name. @returns what it saw */
export async function run(name: string, broker: BrokerAccess): Promise<unknown> {
  return SCENARIOS.find((scenario) => scenario.name === name)!.run(await kitFor(broker));
}

/** Values by the way that they came. */
const followed: Record<"sse" | "websocket", (string | null)[]> = { sse: [], websocket: [] };

/** Follows a topic's only partition from its start, both ways, for as long as the program is there. */
export async function follow(topic: string, broker: BrokerAccess): Promise<void> {
  const kit = await kitFor(broker);
  for (const via of ["sse", "websocket"] as const) {
    void (async () => {
      for await (const record of sdk.tail(kit.connect(), { topic, partition: 0, offset: "earliest", via })) {
        followed[via].push(...valuesOf(kit, [record]));
      }
    })();
  }
}

/** What `follow` has seen so far. */
export function seen(): typeof followed {
  return followed;
}
