import { expect, test } from "vitest";
import { type Json, type OpenApiOperation, openApiDocument } from "../../../src/contract/openapi.ts";
import { OPERATIONS } from "../../../src/contract/operations.ts";
import { createHttpApp } from "../../../src/listeners/http/app.ts";
import { ROUTES } from "../../../src/listeners/http/routes.ts";
import { JsonWriter } from "../../../src/wasm/json-writer.ts";
import { loadCore } from "../../support/core.ts";
import { testApp } from "../../support/http.ts";
import { MemoryBroker } from "../../support/memory-broker.ts";
import { plainCodec } from "../../support/plain-batches.ts";

const document = openApiDocument("1.2.3");
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value under `name`, however deep. */
function collect(value: Json, name: string): Json[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [...(key === name ? [member as Json] : []), ...collect(member as Json, name)]);
}

test("what is routed is what is documented", () => {
  const app = createHttpApp<object>({
    broker: () => new MemoryBroker(),
    openKafkaSocket: () => () => Promise.reject(new Error("not asked for")),
    settings: () => ({ adminToken: null, open: true, version: "" }),
    codec: plainCodec,
    json: new JsonWriter(loadCore()),
    topicConfigs: () => [],
  });
  const routed = app.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`).sort();
  const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort();
  expect(routed).toEqual(documented);
});

test("every operation of the contract has one handler", () => {
  expect(ROUTES.map(({ operation }) => operation.id).sort()).toEqual(OPERATIONS.map(({ id }) => id).sort());
  expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
});

test("every reference points to a schema, and every schema is used", () => {
  const references = new Set(collect(document as unknown as Json, "$ref").map((reference) => String(reference)));
  const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect([...references].sort()).toEqual(schemas.sort());
});

test.each(operations)("$method $path is described in full", ({ path, operation }) => {
  expect(operation.summary).not.toBe("");
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(operation.parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(inPath);
  for (const parameter of operation.parameters) expect(parameter.description, parameter.name).toBeTruthy();
  for (const [status, response] of Object.entries(operation.responses)) {
    expect(response.description, status).not.toBe("");
    expect(response.headers, status).toHaveProperty("x-request-id");
    if (Number(status) >= 400) expect(Object.keys(response.content ?? {}), status).toEqual(["application/problem+json"]);
  }
});

test.each(examples())("the example of $name fits its schema", ({ schema, example }) => {
  expect(schema!.safeParse(example).error).toBeUndefined();
});

function examples() {
  return OPERATIONS.flatMap(({ id, body, answers }) => {
    const contents = [
      ...Object.entries(body?.content ?? {}),
      ...Object.values(answers).flatMap(({ content }) => Object.entries(content ?? {})),
    ];
    return contents
      .filter(([, { schema, example }]) => schema !== undefined && example !== undefined)
      .map(([type, { schema, example }]) => ({ name: `${id} (${type})`, schema, example }));
  });
}

test("every problem's type leads to an anchor of the page", async () => {
  const page = await (await testApp().get("/docs")).text();
  for (const name of documentedErrors()) expect(page).toContain(`<tr id="${name}">`);
});

function documentedErrors(): string[] {
  return OPERATIONS.flatMap(({ errors }) => errors);
}

test("the page needs nothing but itself", async () => {
  const response = await testApp().get("/docs");
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  const page = await response.text();
  expect(page).not.toMatch(/<script|<link|<img|@import|url\(/);
  expect(page).toContain("curl -X POST &#39;http://127.0.0.1:8787/v1/topics/orders/records&#39;");
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  expect(new Set(ids).size).toBe(ids.length);
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
  expect(links.filter((link) => !ids.includes(link))).toEqual([]);
});

test("serves the document, with the broker's version", async () => {
  const served = (await (await testApp({ version: "1.2.3" }).get("/openapi.json")).json()) as typeof document;
  expect(served).toEqual(JSON.parse(JSON.stringify(document)));
});

test("an operation that needs a token says so", () => {
  const secured = (operation: OpenApiOperation) => operation.security ?? document.security;
  const open = operations.filter(({ operation }) => secured(operation).length === 0).map(({ path }) => path);
  expect(open).toEqual(["/healthz", "/kafka", "/openapi.json", "/docs"]);
  for (const { operation } of operations.filter(({ path }) => !open.includes(path))) expect(operation.responses).toHaveProperty("401");
});
