// `npm run bench -- [--smoke] [--address [NAME=]HOST:PORT]… [NAME…]`: runs the benchmarks one after the other, each in a process of its
// own, and closes with which ran. NAME chooses those whose file name contains it; --smoke shows that they run, in figures that mean
// nothing; --address is another Kafka broker to compare with (kafka.bench.ts).

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildWorker } from "../scripts/build-worker.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

function findBenchmarks(names: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".bench.ts"));
  const chosen = files.filter((file) => names.length === 0 || names.some((name) => basename(file).includes(name)));
  if (chosen.length === 0) throw new Error(`no benchmark is named ${names.join(" or ")}; there are ${files.join(", ")}`);
  return chosen.sort();
}

function run(file: string, flags: readonly string[]): { file: string; passed: boolean; seconds: number } {
  console.log(`\n== ${file}`);
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [folder + file, ...flags], { stdio: "inherit" });
  return { file, passed: status === 0, seconds: (performance.now() - start) / 1000 };
}

const { values, positionals } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, address: { type: "string", multiple: true, default: [] } },
  allowPositionals: true,
});
const benchmarks = findBenchmarks(positionals);
await buildWorker();
const smoke = values.smoke ? ["--smoke"] : [];
const addresses = values.address.flatMap((address) => ["--address", address]);
const results = benchmarks.map((file) => run(file, file === "kafka.bench.ts" ? [...smoke, ...addresses] : smoke));

console.log(`\n== summary${values.smoke ? " (smoke run: the figures mean nothing)" : ""}`);
for (const { file, passed, seconds } of results) {
  console.log(`  ${relative(".", folder + file).padEnd(40)} ${passed ? "ran" : "FAILED"}  ${seconds.toFixed(1)} s`);
}
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
