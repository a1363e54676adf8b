// The layers of src/ (docs/ARCHITECTURE.md) hold: imports only point down.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { brokenImports } from "../support/import-rules.ts";

const src = fileURLToPath(new URL("../../src", import.meta.url));

test("imports in src/ only point down the layers", () => {
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const files = paths.map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(join(src, path), "utf8") }));
  expect(files.length).toBeGreaterThan(10);
  expect(brokenImports(files)).toEqual([]);
});

test("the rule names the file, the line and the reason of an import that breaks it", () => {
  const broken = (path: string, ...lines: string[]) => brokenImports([{ path, text: lines.join("\n") }]);
  expect(broken("log/a.ts", 'import { x } from "../storage/b.ts";')).toEqual([
    "src/log/a.ts:1 imports ../storage/b.ts: storage is above log",
  ]);
  expect(broken("broker/a.ts", "", "import type {", "  Env,", '} from "../env.ts";')).toEqual([
    "src/broker/a.ts:4 imports ../env.ts: only index.ts, objects may import env.ts",
  ]);
  expect(broken("broker/a.ts", 'export * from "../contract/b.ts";')).toHaveLength(1);
  expect(broken("common/a.ts", 'import "../record/b.ts";')).toHaveLength(1);
  expect(broken("listeners/kafka/a.ts", 'import { x } from "../http/b.ts";')).toHaveLength(1);
  expect(broken("sdk/a.ts", 'const x = await import("../broker/b.ts");')).toHaveLength(1);
  expect(broken("cli/a.ts", 'import { x } from "../broker/b.ts";')).toHaveLength(1);
  expect(broken("broker/a.ts", 'import { x } from "../sdk/b.ts";')).toHaveLength(1);
  expect(broken("objects/a.ts", 'import { x } from "../archive/b.ts";')).toHaveLength(1);
  expect(broken("archive/a.ts", 'import { x } from "../storage/b.ts";')).toHaveLength(1);
  expect(broken("broker/a.ts", 'import { x } from "../../scripts/b.ts";')).toHaveLength(1);
  expect(broken("new/a.ts", 'import { x } from "../common/b.ts";')).toHaveLength(1);
});

test("the rule lets imports point down", () => {
  const text = 'import { a } from "../log/a.ts";\nimport { b } from "./b.ts";\nimport { c } from "hono";\nimport d from "../common/d.ts";';
  expect(brokenImports([{ path: "storage/a.ts", text }])).toEqual([]);
  expect(brokenImports([{ path: "objects/core.ts", text: 'import core from "../../build/core.wasm";' }])).toEqual([]);
  expect(brokenImports([{ path: "cli/a.ts", text: 'import { x } from "../sdk/b.ts";' }])).toEqual([]);
});
