// A web site with the built SDK, as a browser user has it: the package's own files as ES modules, found by an import map under the names
// that programs import, with no bundler between.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const PAGE_SCRIPT = fileURLToPath(new URL("sdk-scenarios/program.ts", import.meta.url));

const IMPORTS = {
  "sluice/client": "/client.js",
  "sluice/share": "/share.js",
  "sluice/outbox": "/outbox.js",
  "sluice/codecs": "/codecs.js",
  "sluice/core.wasm": "/core.wasm",
};
const HTML = `<!doctype html><meta charset="utf-8"><title>The SDK</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;
const TYPES: Readonly<Record<string, string>> = { js: "text/javascript", wasm: "application/wasm" };

export interface SdkSite {
  readonly port: number;
  /** Further pages, by their paths. */
  readonly pages: Map<string, string>;
  close(): Promise<void>;
}

/** Serves `dist/`, which must be built, with the scenarios in `/page.js`; on a free port of loopback, whatever name is asked for. */
export async function serveSdk(): Promise<SdkSite> {
  const script = await build({ entryPoints: [PAGE_SCRIPT], bundle: true, format: "esm", external: ["sluice/*"], write: false });
  const pages = new Map([["/", HTML]]);
  const server = createServer(async ({ url = "/" }, response) => {
    const name = basename(url);
    const page = pages.get(url);
    if (page !== undefined) response.setHeader("content-type", "text/html").end(page);
    else if (url === "/page.js") response.setHeader("content-type", TYPES.js!).end(script.outputFiles[0]!.text);
    else {
      const file = await readFile(DIST + name).catch(() => null);
      if (file === null) response.writeHead(404).end();
      else response.setHeader("content-type", TYPES[name.split(".").at(-1)!] ?? "text/plain").end(file);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    pages,
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
