// `sluice completion`: prints a shell's script, made from the tree of commands as it is.

import { Argument, type Command } from "commander";
import type { Cli } from "../cli.ts";
import { addExamples } from "../help.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function addCompletionCommand(program: Command, cli: Cli): void {
  const completion = program
    .command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS));
  addExamples(completion, [
    "source <(sluice completion bash)",
    "sluice completion zsh > ~/.zfunc/_sluice",
    "sluice completion fish > ~/.config/fish/completions/sluice.fish",
  ]);
  completion.action(async (shell: (typeof SHELLS)[number]) => {
    const { describeTree } = await import("../completion/tree.ts");
    const { bashScript, fishScript, zshScript } = await import("../completion/scripts.ts");
    const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
    cli.stdout.write(script(describeTree(program, { serve: await cli.launcher.serveHelp() })));
  });
}
