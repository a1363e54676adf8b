// `sluice serve`: the broker itself, with the flags of `npm start` (scripts/serve/options.ts), which parses them and has their help.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";

export function addServeCommand(program: Command, cli: Cli): void {
  program
    .command("serve")
    .description("run the broker on this machine")
    .argument("[flags...]", "those of npm start: `sluice serve --help` lists them")
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (flags: string[]) => cli.setExitCode(await cli.launcher.serve(flags)));
}
