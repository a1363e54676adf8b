// The package as it is installed: built into dist/, imported by its name, and the example run against a broker.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { buildSdk, SDK_BUILD } from "../../scripts/build-sdk.ts";
import { type Broker, startBroker } from "../support/broker.ts";

const run = promisify(execFile);
/** Bundles, and the compiler's declarations. */
const BUILD_TIMEOUT_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let broker: Broker;

beforeAll(async () => {
  await buildSdk();
  broker = await startBroker();
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  await broker?.stop();
});

test("every export of the package is built, with its types", () => {
  const files = Object.values(packageJson.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  expect(files.filter((file) => !existsSync(ROOT + file))).toEqual([]);
});

/** What a built file imports, in the forms that ES modules have. */
function importsOf(file: string): string[] {
  const text = readFileSync(`${ROOT}dist/${file}`, "utf8");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier!);
}

test("the built files import each other and nothing else: neither Node, nor a package", () => {
  const files = readdirSync(`${ROOT}dist`).filter((file) => file.endsWith(".js"));
  expect(files).toEqual(expect.arrayContaining(["client.js", "outbox.js", "codecs.js"]));
  expect(importsOf("client.js")).not.toEqual([]);
  const foreign = files.flatMap((file) => importsOf(file).filter((specifier) => !files.includes(specifier.replace("./", ""))));
  expect(foreign).toEqual([]);
});

test("from the built files too, a program carries only what it imports", async () => {
  const whole = await bundledBytes(`export * from "sluice/client"`);
  expect(await bundledBytes(`export { createClient, Producer } from "sluice/client"`)).toBeLessThan(whole * 0.8);
  expect(await bundledBytes(`export { createClient, tail } from "sluice/client"`)).toBeLessThan(whole * 0.5);
});

async function bundledBytes(contents: string): Promise<number> {
  const options = { ...SDK_BUILD, stdin: { contents, resolveDir: ROOT }, minify: true, write: false } as const;
  const { outputFiles, warnings } = await build(options);
  expect(warnings).toEqual([]);
  return gzipSync(outputFiles[0]!.contents).length;
}

test("the example runs, by the package's name", async () => {
  const { stdout } = await run(process.execPath, ["examples/sdk.ts", broker.url], { cwd: ROOT });
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toMatch(/^wrote 6 records, the first to partition \d at offset 0$/);
  expect(lines.slice(1, 7).sort()).toEqual(["/0", "/2", "/4", "/1", "/3", "/5"].map((page, i) => `user-${i < 3 ? 0 : 1} saw ${page}`));
  expect(lines[7]).toMatch(/^the group is at (\d:\d ?)+$/);
  expect(lines[8]).toBe("7 records were worked off");
});
