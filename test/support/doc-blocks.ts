// The code of documents, for the tests that run it.

import { readFileSync } from "node:fs";

/** A fenced block: its text, and the line of the document that it begins at, from 1. */
export interface DocBlock {
  readonly text: string;
  readonly line: number;
}

/** The blocks of a language, in their order. @param document its path from the root */
export function docBlocks(document: string, language: string): DocBlock[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms");
  return [...text.matchAll(fenced)].map(({ 1: block, index }) => ({ text: block!, line: text.slice(0, index).split("\n").length + 1 }));
}
