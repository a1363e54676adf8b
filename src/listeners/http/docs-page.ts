// The API as one page for people, written from the OpenAPI document. Plain HTML and CSS, light and dark; each operation has a curl example
// that can be pasted.

import type { Json, OpenApiDocument, OpenApiOperation, OpenApiParameter } from "../../contract/openapi.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#0b5fae, #7cb7f2); }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: light-dark(#fff, #14171a); color: light-dark(#1b1f23, #dde2e7); }
h1 { font-size: 1.9rem; margin: 0; } h2 { margin: 3rem 0 .5rem; } h3 { font-size: 1.05rem; margin: 0 0 .25rem; }
a { color: var(--accent); } code, pre { font: .875em/1.5 ui-monospace, monospace; }
code { background: var(--soft); border-radius: 3px; padding: .1em .3em; }
pre { background: var(--soft); border-radius: 6px; overflow-x: auto; padding: .75rem 1rem; } pre code { background: none; padding: 0; }
nav ul { columns: 2 20rem; list-style: none; padding: 0; } nav li { break-inside: avoid; }
article { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; padding: 1rem 1.25rem; }
.method { color: var(--accent); display: inline-block; font-weight: 700; min-width: 4.5em; }
table { border-collapse: collapse; display: block; overflow-x: auto; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; }
details { margin: .5rem 0; } summary { cursor: pointer; }
`;

export function docsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const sections = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${html(name)}">${html(name)}</h2>${own.map((one) => article(one)).join("")}`;
  });
  const links = operations.map(
    ({ path, method, operation }) => `<li><a href="#${operation.operationId}"><code>${method} ${html(path)}</code></a></li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(document.info.title)} HTTP API</title><style>${STYLE}</style></head>
<body><header><h1>${html(document.info.title)} HTTP API</h1><p>Version ${html(document.info.version)} · <a href="/openapi.json">openapi.json</a></p>
${prose(document.info.description)}</header>
<nav aria-label="Operations"><ul>${links.join("")}</ul></nav>
<main>${sections.join("\n")}
<h2 id="schemas">Schemas</h2>${Object.entries(document.components.schemas).map(schemaArticle).join("")}
${errorSection(operations.map(({ operation }) => operation))}</main></body></html>
`;
}

interface DocumentedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

function article(documented: DocumentedOperation): string {
  const { path, method, operation } = documented;
  return `<article id="${operation.operationId}"><h3><span class="method">${method}</span><code>${html(path)}</code></h3>
<p><strong>${html(operation.summary)}</strong></p>${prose(operation.description ?? "")}
<pre><code>${html(curlExample(documented))}</code></pre>
${parameterTable(operation.parameters)}${bodySection(operation)}${responseTable(operation)}</article>`;
}

function curlExample({ path, method, operation }: DocumentedOperation): string {
  const address = `http://127.0.0.1:8787${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => exampleOf(operation.parameters, name))}`;
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}'${address}'`];
  if (operation.security?.length !== 0) lines.push("-H 'authorization: Bearer TOKEN'");
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type !== undefined) lines.push(`-H 'content-type: ${type}'`);
  if (body?.example !== undefined) lines.push(`-d '${JSON.stringify(body.example)}'`);
  else if (type !== undefined) lines.push("--data-binary @FILE");
  return lines.join(" \\\n  ");
}

function exampleOf(parameters: readonly OpenApiParameter[], name: string): string {
  return String(parameters.find((parameter) => parameter.name === name)?.example ?? name);
}

function parameterTable(parameters: readonly OpenApiParameter[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: place, schema, description = "" }) =>
      `<tr><td><code>${html(name)}</code></td><td>${place}</td><td>${html(schemaSummary(schema))}</td><td>${inline(description)}</td></tr>`,
  );
  return `<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** A parameter's type in a few words. */
function schemaSummary(schema: Json): string {
  const { type, enum: choices, minimum, maximum, default: byDefault } = schema as Record<string, Json>;
  const kind = Array.isArray(choices) ? choices.join(" | ") : String(type ?? "any");
  const range = minimum === undefined ? "" : ` ${minimum} to ${maximum === Number.MAX_SAFE_INTEGER ? "2^53-1" : maximum}`;
  return `${kind}${range}${byDefault === undefined ? "" : `, default ${byDefault}`}`;
}

function bodySection(operation: OpenApiOperation): string {
  const types = Object.entries(operation.requestBody?.content ?? {});
  const bodies = types.map(([type, { schema, example }]) => typedExample(`Body <code>${html(type)}</code>`, schema, example));
  return bodies.join("");
}

function responseTable(operation: OpenApiOperation): string {
  const rows = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const examples = Object.entries(content ?? {}).filter(([, { example }]) => example !== undefined);
    const shown = examples.map(([type, { schema, example }]) => typedExample(`<code>${html(type)}</code>`, schema, example));
    return `<tr><td>${status}</td><td>${prose(description)}${shown.join("")}</td></tr>`;
  });
  return `<table><thead><tr><th>Status</th><th></th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function typedExample(label: string, schema: Json | undefined, example: Json | undefined): string {
  const { $ref, description } = (schema ?? {}) as Record<string, Json>;
  const name = typeof $ref === "string" ? $ref.slice($ref.lastIndexOf("/") + 1) : "";
  const link = name === "" ? "" : ` · <a href="#schema-${name}">${name}</a>`;
  const about = typeof description === "string" ? ` · ${inline(description)}` : "";
  if (example === undefined) return `<p>${label}${link}${about}</p>`;
  const text = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return `<details><summary>${label}${link}${about}</summary><pre><code>${html(text)}</code></pre></details>`;
}

function schemaArticle([name, schema]: [string, Json]): string {
  return `<details id="schema-${html(name)}"><summary>${html(name)}</summary><pre><code>${html(JSON.stringify(schema, null, 2))}</code></pre></details>`;
}

/** Each error has an anchor: a problem's `type` points there. */
function errorSection(operations: readonly OpenApiOperation[]): string {
  const errors = new Map<string, string>();
  for (const { responses } of operations) {
    for (const { description } of Object.values(responses)) {
      for (const [, name, rest] of description.matchAll(/^`([A-Z_]+)` (.*)$/gm)) errors.set(name!, rest!);
    }
  }
  const rows = [...errors].sort().map(([name, rest]) => `<tr id="${name}"><td><code>${name}</code></td><td>${inline(rest)}</td></tr>`);
  return `<h2 id="errors">Errors</h2><table><tbody>${rows.join("")}</tbody></table>`;
}

/** Paragraphs. */
function prose(text: string): string {
  return text === ""
    ? ""
    : text
        .split("\n\n")
        .map((paragraph) => `<p>${inline(paragraph)}</p>`)
        .join("");
}

/** Text with `code` in it. */
function inline(text: string): string {
  return html(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
