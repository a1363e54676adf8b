import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const UNIT_TIMEOUT_MS = 60_000;
const E2E_TIMEOUT_MS = 240_000;

/** A Worker beside the broker, for webhooks through a binding: it remembers what it got. */
const RECEIVER = {
  name: "receiver",
  modules: true,
  compatibilityDate: "2026-10-23",
  script: `const got = [];
    export default { async fetch(request) {
      if (new URL(request.url).pathname === "/got") return Response.json(got);
      got.push({ url: request.url, body: await request.text() });
      return new Response(null, { status: 204 });
    } }`,
};

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node", testTimeout: UNIT_TIMEOUT_MS } },
      {
        plugins: [
          cloudflareTest({
            main: "./src/index.ts",
            wrangler: { configPath: "./test/workers/wrangler.toml" },
            miniflare: { workers: [RECEIVER], serviceBindings: { RECEIVER: RECEIVER.name } },
          }),
        ],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], testTimeout: UNIT_TIMEOUT_MS },
      },
      {
        test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], environment: "node", testTimeout: E2E_TIMEOUT_MS, fileParallelism: false },
      },
    ],
  },
});
