// The script, in a real bash: what it offers for words that stand before the cursor.

import { execFileSync } from "node:child_process";
import { Command, Option } from "commander";
import { expect, test } from "vitest";
import { bashScript } from "../../../../src/cli/completion/scripts.ts";
import { describeTree } from "../../../../src/cli/completion/tree.ts";

function script(): string {
  const program = new Command("sluice").option("--url <url>", "the broker");
  const topics = program.command("topics").description("topics");
  topics.command("create <topic>").description("make one").option("-p, --partitions <n>", "how many");
  topics.command("delete <topic>").description("it's gone").option("--yes", "do not ask");
  program.command("produce <topic>").addOption(new Option("-z, --compression <codec>", "how").choices(["none", "gzip"]));
  program.command("serve").description("run");
  return bashScript(describeTree(program, { serve: "  --kafka-port PORT\n                   Port for Kafka clients." }));
}

function complete(...words: readonly string[]): string[] {
  const probe = `${script()}\nCOMP_WORDS=(sluice "$@"); COMP_CWORD=$#; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", probe, "bash", ...words], { encoding: "utf8", cwd: "/nonexistent/..".slice(0, 1) })
    .split("\n")
    .filter(Boolean);
}

test("offers commands, their commands, and their flags", () => {
  expect(complete("to")).toEqual(["topics"]);
  expect(complete("topics", "")).toEqual(expect.arrayContaining(["create", "delete", "--url", "--help"]));
  expect(complete("topics", "create", "--p")).toEqual(["--partitions"]);
  expect(complete("topics", "delete", "a", "--")).toEqual(["--yes", "--url", "--help"]);
  expect(complete("serve", "--k")).toEqual(["--kafka-port"]);
});

test("offers the words of a flag that has a list of them, before and after the arguments", () => {
  expect(complete("produce", "a", "--compression", "")).toEqual(["none", "gzip"]);
  expect(complete("produce", "--compression", "g")).toEqual(["gzip"]);
});

test("a flag's value is no command", () => {
  expect(complete("--url", "http://a", "topics", "c")).toEqual(["create"]);
});
