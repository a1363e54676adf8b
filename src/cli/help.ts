// What commands' help has in common.

import type { Command } from "commander";

/** Examples at the end of a command's help. Each is run by a test (test/e2e/cli). */
export function addExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
