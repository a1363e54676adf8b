// Which part of src/ may import which: imports only point down the list of layers. Parts are folders (or files) under src/.

/**
 * From the top. A part may import itself and whatever is below it, except where the tables below say otherwise. record/ is under wasm/:
 * it is the batch's layout in plain TypeScript, which the typed side of the core stands on.
 */
const LAYERS: readonly string[] = [
  "index.ts",
  "objects",
  "env.ts",
  "listeners/http",
  "listeners/kafka",
  "listeners/websocket",
  "broker",
  "ingest",
  "subscription",
  "coordinator",
  "security",
  "storage",
  "log",
  "wasm",
  "record",
  "protocol",
  "contract",
  "common",
];

/** Programs beside the broker: its clients, and the service behind its ARCHIVE binding. Nothing in the broker may import them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  sdk: ["contract", "record", "common"],
  "codecs.ts": ["sdk", "wasm", "record", "common"],
  cli: ["sdk", "contract", "common"],
  console: ["sdk", "contract", "common"],
  archive: [],
};

/** Against the order: a binding's type names the class of its objects. */
const UPWARD: Readonly<Record<string, string>> = { "env.ts": "objects" };

/** The only parts that may import these. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  "env.ts": ["index.ts", "objects"],
  contract: ["listeners/http", "listeners/kafka", "listeners/websocket", "sdk", "cli", "console"],
};

/** A source file: its path from src/, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One line for each import that breaks the rule: `src/FILE:LINE imports TARGET: reason`. */
export function brokenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    relativeImports(file).flatMap(({ line, specifier }) => {
      const target = resolvePath(file.path, specifier);
      const reason = objection(file.path, target);
      return reason === null ? [] : [`src/${file.path}:${line} imports ${specifier}: ${reason}`];
    }),
  );
}

/** Static, type-only, re-exporting and dynamic imports of our own files. */
function relativeImports({ text }: SourceFile): { line: number; specifier: string }[] {
  const pattern = /(?:\bfrom|^\s*import|\bimport\s*\()\s*["'](\.[^"']*)["']/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index + match[0].length).split("\n").length,
    specifier: match[1]!,
  }));
}

/** Where a specifier leads, from src/. Above src/ it keeps its "..". */
function resolvePath(importer: string, specifier: string): string {
  const path = importer.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") path.length > 0 && path.at(-1) !== ".." ? path.pop() : path.push("..");
    else if (step !== ".") path.push(step);
  }
  return path.join("/");
}

function objection(importer: string, target: string): string | null {
  if (target.startsWith("..")) return outsideObjection(importer, target);
  const from = partOf(importer);
  const to = partOf(target);
  if (from === null) return `${importer} belongs to no layer: name its place in test/support/import-rules.ts`;
  if (to === null) return "there is no such layer";
  if (from === to) return null;
  const importers = IMPORTERS[to];
  if (importers !== undefined && !importers.includes(from)) return `only ${importers.join(", ")} may import ${to}`;
  const allowed = PROGRAMS[from];
  if (allowed !== undefined) return allowed.includes(to) ? null : `${from} may import only ${["itself", ...allowed].join(", ")}`;
  if (to in PROGRAMS) return `${to} is a program of its own, not a part of the broker`;
  if (UPWARD[from] === to) return null;
  return LAYERS.indexOf(from) < LAYERS.indexOf(to) ? null : `${to} is above ${from}`;
}

/** The compiled core is the one thing outside src/ that is part of the Worker. */
function outsideObjection(importer: string, target: string): string | null {
  if (target !== "../build/core.wasm") return "src/ imports nothing outside itself but build/core.wasm";
  return ["objects", "index.ts", "wasm"].includes(partOf(importer) ?? "") ? null : "the core is loaded in objects/ or wasm/";
}

function partOf(path: string): string | null {
  return [...LAYERS, ...Object.keys(PROGRAMS)].find((part) => path === part || path.startsWith(`${part}/`)) ?? null;
}
