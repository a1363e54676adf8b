import type { Command } from "commander";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Cli } from "../../../src/cli/cli.ts";
import { runProgram } from "../../../src/cli/main.ts";
import { createProgram } from "../../../src/cli/program.ts";

function testCli() {
  const printed = { out: "", err: "", exitCode: 0, served: [] as readonly string[] };
  const sink = (name: "out" | "err") =>
    ({
      write: (text: string) => {
        printed[name] += text;
        return true;
      },
    }) as unknown as Cli["stdout"];
  const cli: Cli = {
    ...{ environment: { XDG_CONFIG_HOME: "/nonexistent" }, stdout: sink("out"), stderr: sink("err"), signal: new AbortController().signal },
    stdin: (async function* () {})(),
    setExitCode: (code) => {
      printed.exitCode = code;
    },
    launcher: {
      serve: async (args) => {
        printed.served = args;
        return 3;
      },
      loadCoreCodecs: () => Promise.reject(new Error("no test compresses")),
      serveHelp: async () => "  --port PORT      HTTP port\n  --archive        Archive.\n  --archive s3://B Archive there.",
    },
  };
  return { cli, printed };
}

async function run(...args: readonly string[]) {
  const { cli, printed } = testCli();
  return { code: await runProgram(args, cli), ...printed };
}

function commandsOf(command: Command, path: readonly string[] = []): (readonly [string, Command])[] {
  return command.commands.flatMap((child) => {
    const childPath = [...path, child.name()];
    return [[childPath.join(" "), child] as const, ...commandsOf(child, childPath)];
  });
}

const COMMANDS = commandsOf(createProgram(testCli().cli));

describe("every command", () => {
  test.each(COMMANDS)("%s says what it does", (_, command) => {
    expect(command.description()).not.toBe("");
    for (const { long, description } of command.options) expect(description, long ?? "").not.toBe("");
  });

  test.each(COMMANDS.filter(([path, { options }]) => options.length > 0 && path !== "serve"))(
    "%s, which has flags, shows how",
    async (path) => {
      const { out, code } = await run(...path.split(" "), "--help");
      expect(code).toBeNull();
      expect(out).toContain("Examples:\n");
      expect(out).toContain("--url <url>");
    },
  );
});

test.each([
  ["unknown command 'topic'", ["topic"]],
  ["unknown option '--patitions'", ["topics", "create", "a", "--patitions", "3"]],
  ["missing required argument 'topic'", ["topics", "describe"]],
  ["It is an integer from 1 up", ["topics", "create", "a", "--partitions", "0"]],
  ["Allowed choices are", ["produce", "a", "--compression", "rar"]],
  ["There is no acks=0", ["produce", "a", "--acks", "0"]],
  ["It is one of all", ["perf", "produce", "a", "--acks", "2"]],
  ["nothing to change", ["topics", "alter", "a"]],
  ["--yes says that you mean it", ["topics", "delete", "a"]],
  ["where to?", ["groups", "reset", "g", "--topic", "a"]],
  ["--follow is --from latest", ["consume", "a", "--follow", "--from", "3"]],
  ["a group begins where it was", ["consume", "a", "--group", "g", "--from", "3"]],
  ["not for a member", ["consume", "a", "--group", "g", "--partition", "0"]],
  ["which topics?", ["mirror", "--source", "http://a"]],
  ["from where to where?", ["mirror", "--topic", "a"]],
  ["say where --role holds", ["tokens", "create", "ci", "--topic", "a"]],
  ["an ACL needs", ["acls", "add", "--principal", "User:a"]],
  ["which ones?", ["acls", "delete"]],
  ["whose quota?", ["quotas", "set", "--produce", "1KB"]],
  ["what is the form of", ["export", "a", "file.txt"]],
  ["--url is needed", ["tunnel"]],
  ["no user, query", ["topics", "list", "--url", "http://u:p@a"]],
])("a command line is refused in one line: %s", async (words, args) => {
  const { code, err, out } = await run(...args);
  expect(err).toContain(words);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect([code, out]).toEqual([2, ""]);
});

test("with --json a failure is JSON too", async () => {
  const { err } = await run("topics", "alter", "a", "--json");
  expect(JSON.parse(err)).toEqual({ error: { message: expect.stringContaining("nothing to change") } });
});

test("serve hands its flags on, and ends with the broker's exit code", async () => {
  const { served, exitCode } = await run("serve", "--port", "1", "--archive", "--help");
  expect([served, exitCode]).toEqual([["--port", "1", "--archive", "--help"], 3]);
});

describe("completion", () => {
  const { cli } = testCli();

  test("of fish joins words that begin with a dash, which are no options of its own", async () => {
    expect((await run("completion", "fish")).out).toContain("(string join -- ' ' $spoken $word)");
  });

  test.each(["bash", "zsh", "fish"])("of %s knows every command and flag, and what serve takes", async (shell) => {
    const { out } = await run("completion", shell);
    for (const [path, { options }] of commandsOf(createProgram(cli))) {
      expect(out).toContain(path);
      for (const { long } of options) expect(out).toContain(shell === "fish" ? `-l ${long!.slice(2)}` : long!);
    }
    expect(out).toContain("archive");
    expect(out).toContain("'gzip'".replaceAll("'", shell === "zsh" ? "'" : ""));
  });
});

test("segments of a partition that the topic has not are no proof of anything", async () => {
  const described = { name: "clicks", partitions: [{ partition: 0 }, { partition: 1 }], configs: [] };
  vi.stubGlobal("fetch", async () => Response.json(described));
  onTestFinished(() => void vi.unstubAllGlobals());
  for (const command of ["verify", "list"]) {
    const { code, out, err } = await run("segments", command, "clicks", "--partition", "1,2");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("clicks has the partitions 0 to 1, not 2");
  }
  expect(await run("segments", "verify", "clicks", "--from", "latest")).toMatchObject({ code: 2 });
});
