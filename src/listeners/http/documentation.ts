// GET /openapi.json and GET /docs, made once from the contract.

import { HTML_TYPE } from "../../contract/media-types.ts";
import { openApiDocument } from "../../contract/openapi.ts";
import { jsonAnswer } from "./answer.ts";
import type { Call } from "./call.ts";
import { docsPage } from "./docs-page.ts";

/** The page has its style inside, and nothing else: no script, no font, no picture from anywhere. */
const PAGE_HEADERS = {
  "content-type": `${HTML_TYPE}; charset=utf-8`,
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

const made = new Map<string, { readonly json: string; readonly html: string }>();

function documentation(version: string) {
  let texts = made.get(version);
  if (texts === undefined) {
    const document = openApiDocument(version);
    texts = { json: JSON.stringify(document), html: docsPage(document) };
    made.set(version, texts);
  }
  return texts;
}

export function getOpenApi(call: Call): Response {
  return jsonAnswer(documentation(call.settings.version).json);
}

export function getDocs(call: Call): Response {
  return new Response(documentation(call.settings.version).html, { headers: PAGE_HEADERS });
}
