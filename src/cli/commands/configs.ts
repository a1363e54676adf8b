// `sluice configs`: the configs of a topic, one by one.

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import { formatTable } from "../table.ts";

export function addConfigsCommand(program: Command, cli: Cli): void {
  const configs = program.command("configs").description("read and set the configs of a topic");
  addExamples(configs, ["sluice configs get clicks retention.ms", "sluice configs set clicks retention.ms=3600000"]);
  const get = configs.command("get <topic> [keys...]").description("configs in force, all of them where none is named");
  addExamples(get, [
    "sluice configs get clicks",
    "sluice configs get clicks retention.ms segment.bytes",
    "sluice configs get clicks --json",
  ]);
  get.action(withSession(cli, getConfigs));
  const set = configs.command("set <topic> <changes...>").description("KEY=VALUE sets a config, KEY= gives it its default again");
  set.option("--dry-run", "check everything, change nothing");
  addExamples(set, ["sluice configs set clicks retention.ms=3600000 segment.ms=", "sluice configs set clicks retention.ms=1 --dry-run"]);
  set.action(withSession(cli, setConfigs));
}

async function getConfigs({ admin, output }: Session, topic: string, keys: readonly string[]): Promise<void> {
  const { configs } = await admin.topics.describe(topic);
  const unknown = keys.find((key) => !configs.some(({ name }) => name === key));
  if (unknown !== undefined) throw new UsageError(`topics have no config "${unknown}": \`sluice configs get ${topic}\` lists them`);
  const chosen = keys.length === 0 ? configs : configs.filter(({ name }) => keys.includes(name));
  await output.document({ topic, configs: chosen }, () =>
    formatTable(
      chosen.map(({ name, value, source, honoured }) => ({ config: name, value: value ?? "-", source, honoured: honoured ? "yes" : "no" })),
      "",
    ),
  );
}

async function setConfigs(
  { admin, output }: Session,
  topic: string,
  changes: readonly string[],
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<void> {
  const configs = Object.fromEntries(changes.map(parseChange));
  const altered = await admin.topics.alter(topic, { configs }, { validateOnly: dryRun });
  const settings = Object.entries(altered.configs).map(([key, value]) => `${key}=${value}`);
  await output.done(altered, `${topic}: ${dryRun ? "would have" : "has"} ${settings.join(", ") || "every config's default"}`);
}

function parseChange(text: string): [string, string | null] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new UsageError(`"${text}" is not KEY=VALUE (or KEY= for the default)`);
  return [key, value === "" ? null : value];
}
