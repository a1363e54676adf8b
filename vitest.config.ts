import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const UNIT_TIMEOUT_MS = 60_000;
const E2E_TIMEOUT_MS = 240_000;

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node", testTimeout: UNIT_TIMEOUT_MS } },
      {
        plugins: [cloudflareTest({ main: "./src/index.ts", wrangler: { configPath: "./test/workers/wrangler.toml" } })],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], testTimeout: UNIT_TIMEOUT_MS },
      },
      {
        test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], environment: "node", testTimeout: E2E_TIMEOUT_MS, fileParallelism: false },
      },
    ],
  },
});
