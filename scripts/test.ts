// `npm test`: builds, runs every test with vitest, and closes with one line that tells how many passed and failed. Arguments are
// vitest's; with --forbid-skips (ours) a skipped test is a failure.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWorker } from "./build-worker.ts";
import { type JsonResult, tally } from "./test-tally.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function runVitest(args: readonly string[]): { status: number; result: JsonResult | null } {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = spawnSync(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, "run", ...reporters, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  try {
    return { status: status ?? 1, result: JSON.parse(readFileSync(report, "utf8")) as JsonResult };
  } catch {
    return { status: status || 1, result: null }; // vitest ended before it wrote a report: counted as a failure below
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const forbidSkips = args.includes("--forbid-skips");
await buildWorker();
const { status, result } = runVitest(args.filter((arg) => arg !== "--forbid-skips"));
const { passed, failed, skipped, complaints } = tally(status, result, forbidSkips);
for (const complaint of complaints) console.error(complaint);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 ? status || 1 : status);
