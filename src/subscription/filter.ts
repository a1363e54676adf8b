// A subscription's filter: an expression in CEL (github.com/google/cel-spec) over `headers` (name to text), `key` (text or null), `value`
// (the value as JSON, else as text, null for a tombstone), `topic`, `partition`, `offset` and `timestamp` (ms). A record is delivered
// where it is true. Where it cannot be evaluated (a field that is not there, a text compared with a number) the record is not: `has(value.x)`
// asks first.
//
// Its cost is bounded: by the nodes of the expression, by one level of comprehensions (exists, all, map, filter), which are linear in the
// value, by the size of a value that it is shown, and by regular expressions without backtracking (RE2) whose patterns are literals.

import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import { type Failure, failure } from "../common/errors.ts";
import { MAX_FILTER_LENGTH, MAX_FILTER_NODES, MAX_FILTER_VALUE_BYTES } from "../common/limits/filters.ts";
import type { DecodedRecord } from "../record/codec.ts";
import { strictUtf8 } from "../record/json-text.ts";
import type { RecordOrigin } from "./lane.ts";

/** Whether a record is to be delivered. */
export type RecordFilter = (record: DecodedRecord, origin: RecordOrigin) => boolean;

const COMPREHENSIONS = new Set(["all", "exists", "exists_one", "map", "filter"]);
const RE2_MATCH = "re2Matches";

/** Patterns of the filters in this isolate, compiled once. */
const patterns = new Map<string, RE2JS>();
const MAX_PATTERNS = 1_000;

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: MAX_FILTER_NODES, maxDepth: 50, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
})
  .registerVariable("headers", "map<string, string>")
  .registerVariable("key", "dyn")
  .registerVariable("value", "dyn")
  .registerVariable("topic", "string")
  .registerVariable("partition", "double")
  .registerVariable("offset", "double")
  .registerVariable("timestamp", "double")
  .registerFunction(`string.${RE2_MATCH}(string): bool`, (text: string, pattern: string) => compilePattern(pattern).matcher(text).find());

/** The filter that an expression stands for, or what is wrong with it. */
export function compileFilter(expression: string): RecordFilter | Failure {
  const refuse = (reason: string): Failure => failure("INVALID_REQUEST", `the filter cannot be used: ${reason}`);
  if (expression.length > MAX_FILTER_LENGTH) return refuse(`it has more than ${MAX_FILTER_LENGTH} characters`);
  try {
    const program = environment.parse(expression);
    const objection = prepare(program.ast, 0);
    if (objection !== null) return refuse(objection);
    const { valid, type, error } = program.check();
    if (!valid) return refuse(summary(error));
    if (type !== "bool" && type !== "dyn") return refuse(`it is a ${type}, and must be a bool`);
    return (record, origin) => {
      try {
        return program(variablesOf(record, origin)) === true;
      } catch {
        return false; // it cannot be evaluated for this record, which is therefore not meant
      }
    };
  } catch (error) {
    return refuse(summary(error));
  }
}

function summary(error: unknown): string {
  const { summary: short, message } = error as { summary?: string; message?: string };
  return short ?? message ?? String(error);
}

/** Why the tree cannot be used, or null. Has `matches` use RE2: the library's own would backtrack. */
function prepare(node: ASTNode, depth: number): string | null {
  const { op, args } = node as { op: string; args: unknown };
  const isCall = (op === "rcall" || op === "call") && Array.isArray(args);
  const name: unknown = isCall ? args[0] : undefined;
  const isComprehension = op === "rcall" && typeof name === "string" && COMPREHENSIONS.has(name);
  if (isComprehension && depth > 0) return `${name}() stands in another comprehension: there may be one level of them`;
  if (name === "matches") {
    const objection = useRe2(args as unknown[]);
    if (objection !== null) return objection;
  }
  for (const child of childNodes(args)) {
    const objection = prepare(child, depth + (isComprehension ? 1 : 0));
    if (objection !== null) return objection;
  }
  return null;
}

/** @param args name, receiver, arguments of a call of `matches` */
function useRe2(args: unknown[]): string | null {
  const [pattern] = (args[2] ?? []) as { op?: string; args?: unknown }[];
  if (pattern?.op !== "value" || typeof pattern.args !== "string") return "matches() takes its pattern as a literal";
  try {
    compilePattern(pattern.args);
  } catch (error) {
    return `the pattern of matches() is no RE2 expression: ${(error as Error).message}`;
  }
  args[0] = RE2_MATCH;
  return null;
}

function compilePattern(pattern: string): RE2JS {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    if (patterns.size >= MAX_PATTERNS) patterns.clear();
    compiled = RE2JS.compile(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled;
}

function* childNodes(args: unknown): Generator<ASTNode> {
  if (typeof args !== "object" || args === null) return;
  if ("op" in args) yield args as ASTNode;
  else for (const child of Object.values(args)) yield* childNodes(child);
}

function variablesOf(record: DecodedRecord, { topic, partition }: RecordOrigin): Record<string, unknown> {
  const { key, value, headers, offset, timestamp } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key === null ? null : (strictUtf8(key) ?? ""),
    value: value === null ? null : jsonOrText(value),
    headers: new Map(headers.map((header) => [header.key, header.value === null ? "" : (strictUtf8(header.value) ?? "")])),
  };
}

/** A value that is too large to be looked at is "". */
function jsonOrText(value: Uint8Array): unknown {
  const text = value.length > MAX_FILTER_VALUE_BYTES ? "" : (strictUtf8(value) ?? "");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // not JSON
  }
}
