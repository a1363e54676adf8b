// The tree of commands. Each file of commands/ adds one; what a command needs and others don't, it loads when it runs, so that `--help` is
// quick whatever there is.

import { Command } from "commander";
import { VERSION } from "../common/version.ts";
import type { Cli } from "./cli.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addConfigsCommand } from "./commands/configs.ts";
import { addConsumeCommand } from "./commands/consume.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addExportCommand } from "./commands/export.ts";
import { addGroupsCommand } from "./commands/groups.ts";
import { addImportCommand } from "./commands/import.ts";
import { addIngestCommand } from "./commands/ingest.ts";
import { addMirrorCommand } from "./commands/mirror.ts";
import { addOffsetsCommand } from "./commands/offsets.ts";
import { addPerfCommand } from "./commands/perf.ts";
import { addProduceCommand } from "./commands/produce.ts";
import { addSecurityCommands } from "./commands/security.ts";
import { addSegmentsCommand } from "./commands/segments.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addShareConsumeCommand } from "./commands/share-consume.ts";
import { addShareGroupsCommand } from "./commands/share-groups.ts";
import { addSubscriptionsCommand } from "./commands/subscriptions.ts";
import { addTopicsCommand } from "./commands/topics.ts";
import { addTransactionsCommand } from "./commands/transactions.ts";
import { addTunnelCommand } from "./commands/tunnel.ts";
import { addExamples } from "./help.ts";

export function createProgram(cli: Cli): Command {
  const program = new Command("sluice")
    .description("Kafka's log without servers: the command line of Sluice.")
    .version(VERSION)
    .option("--url <url>", "the broker (SLUICE_URL; http://127.0.0.1:8787)")
    .option("--token <token>", "the token (better in the environment: SLUICE_TOKEN)")
    .option("--config <file>", "the config file (SLUICE_CONFIG; ~/.config/sluice/config.json)")
    .option("--profile <name>", "which profile of the config file (SLUICE_PROFILE)")
    .option("--json", "print JSON: one document, or a line for each record of a stream")
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      outputError: (text, write) => write(usageLine(text)),
    });
  addServeCommand(program, cli);
  addTunnelCommand(program, cli);
  addTopicsCommand(program, cli);
  addProduceCommand(program, cli);
  addConsumeCommand(program, cli);
  addGroupsCommand(program, cli);
  addShareConsumeCommand(program, cli);
  addShareGroupsCommand(program, cli);
  addOffsetsCommand(program, cli);
  addConfigsCommand(program, cli);
  addSegmentsCommand(program, cli);
  addTransactionsCommand(program, cli);
  addSubscriptionsCommand(program, cli);
  addIngestCommand(program, cli);
  addSecurityCommands(program, cli);
  addImportCommand(program, cli);
  addExportCommand(program, cli);
  addPerfCommand(program, cli);
  addMirrorCommand(program, cli);
  addDoctorCommand(program, cli);
  addCompletionCommand(program, cli);
  addExamples(program, EXAMPLES);
  return program;
}

/** The first lines that a newcomer types. */
const EXAMPLES = [
  "sluice serve",
  "sluice topics create clicks --partitions 3",
  "sluice produce clicks access.log",
  "sluice consume clicks --follow",
  "sluice groups list",
];

/** commander's words for a refused command line, in one line. */
function usageLine(text: string): string {
  return `sluice: ${text
    .replace(/^error: /, "")
    .trim()
    .replace(/\.$/, "")
    .replaceAll("\n", " ")}; --help shows how\n`;
}
