// `sluice tokens`: tokens for programs. A token's text is told once, when it is made.

import type { Command } from "commander";
import type { Cli } from "../../cli.ts";
import { confirm } from "../../confirm.ts";
import { addExamples } from "../../help.ts";
import { type Session, withSession } from "../../session.ts";
import { formatTable, formatTime } from "../../table.ts";
import { duration } from "../../values.ts";
import { addRightsOptions, type RightsFlags, rightsOf } from "./rights.ts";

interface CreateFlags extends RightsFlags {
  readonly expiresIn?: number;
}

export function addTokensCommand(program: Command, cli: Cli): void {
  const tokens = program.command("tokens").description("tokens for programs");
  addExamples(tokens, ["sluice tokens create ci --role write --topic click --expires-in 30d", "sluice tokens list"]);
  tokens.command("list").alias("ls").description("list tokens and what they may do").action(withSession(cli, listTokens));
  const create = tokens.command("create <name>").description("make a token; its text is printed this once");
  create.option("--expires-in <duration>", "how long it holds: 12h, 30d (for ever)", duration);
  addRightsOptions(create);
  addExamples(create, [
    "sluice tokens create ci --role write --topic click",
    "sluice tokens create night --role read --expires-in 12h --json",
  ]);
  create.action(withSession(cli, createToken));
  const remove = tokens.command("delete <name>").alias("rm").description("revoke a token").option("--yes", "do not ask");
  addExamples(remove, ["sluice tokens delete ci --yes"]);
  remove.action(withSession(cli, deleteToken));
}

async function listTokens({ admin, output }: Session): Promise<void> {
  const tokens = await admin.security.tokens();
  await output.document({ tokens }, () =>
    formatTable(
      tokens.map(({ name, createdAt, expiresAt, acls }) => ({
        ...{ token: name, made: formatTime(createdAt), expires: formatTime(expiresAt), acls: acls.length },
      })),
      "there are no tokens",
    ),
  );
}

async function createToken({ admin, output }: Session, name: string, flags: CreateFlags): Promise<void> {
  const rights = rightsOf(flags);
  const expiresAt = flags.expiresIn === undefined ? null : Date.now() + flags.expiresIn;
  const created = await admin.security.createToken({ name, expiresAt, ...(rights === undefined ? {} : { rights }) });
  if (!output.json) output.note(`${name}: this is the only time that its text is shown`);
  await output.document(created, () => created.token);
}

async function deleteToken(session: Session, name: string, flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `revoke the token ${name}`);
  await session.admin.security.deleteToken(name);
  await session.output.done({ deleted: name }, `revoked ${name}`);
}
