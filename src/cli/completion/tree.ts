// The commands, their flags and the words that those take, as the shells' scripts need them.

import type { Command, Option } from "commander";

export interface Flag {
  /** `--partitions`. */
  readonly long: string;
  /** `-p`; null where it has none. */
  readonly short: string | null;
  readonly description: string;
  readonly takesValue: boolean;
  /** The only values there are; empty where any goes. */
  readonly choices: readonly string[];
}

/** A command, or a part of the path to one. */
export interface Node {
  /** From the program on, without it: [] is the program, ["topics", "create"] a command. */
  readonly path: readonly string[];
  readonly description: string;
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly Flag[];
  /** Words of the first argument, where it has a list of them. */
  readonly argumentChoices: readonly string[];
}

/**
 * Every command, parents first.
 * @param foreignHelp help texts, by command, of those that parse their own flags
 */
export function describeTree(program: Command, foreignHelp: Readonly<Record<string, string>>): readonly Node[] {
  const globals = program.options.map(describeFlag);
  const walk = (command: Command, path: readonly string[]): Node[] => {
    const own = path.length === 0 ? [] : command.options.map(describeFlag);
    const foreign = flagsInHelp(foreignHelp[path.join(" ")] ?? "");
    const children = command.commands.map((child) => ({ name: child.name(), description: child.description() }));
    const argumentChoices = command.registeredArguments[0]?.argChoices ?? [];
    const node = { path, description: command.description(), children, flags: [...own, ...foreign, ...globals, HELP], argumentChoices };
    return [node, ...command.commands.flatMap((child) => walk(child, [...path, child.name()]))];
  };
  return walk(program, []);
}

const HELP: Flag = { long: "--help", short: "-h", description: "show help", takesValue: false, choices: [] };

function describeFlag({ long, short, description, required, optional, argChoices }: Option): Flag {
  return { long: long ?? "", short: short ?? null, description, takesValue: required || optional, choices: argChoices ?? [] };
}

/** The flags that begin a line of a help text: `  --port PORT   What it is for.` */
function flagsInHelp(help: string): Flag[] {
  const lines = help.matchAll(/^ +(--[a-z-]+)(?: ([A-Z][\w:/]*))?(?:\s{2,}(.*))?$/gm);
  const flags = [...lines].map(([, long = "", value, description = ""]) => {
    return { long, short: null, description, takesValue: value !== undefined, choices: [] };
  });
  return flags.filter(({ long }, index) => long !== HELP.long && flags.findIndex((one) => one.long === long) === index);
}
