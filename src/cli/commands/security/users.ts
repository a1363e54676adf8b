// `sluice users`: people and programs with a password, which comes by standard input or a file (read-secret.ts).

import { type Command, Option } from "commander";
import { SCRAM_MECHANISM_CODES, type ScramMechanism, wordsOf } from "../../../common/security-words.ts";
import type { Cli } from "../../cli.ts";
import { confirm } from "../../confirm.ts";
import { addExamples } from "../../help.ts";
import { readSecret } from "../../read-secret.ts";
import { type Session, withSession } from "../../session.ts";
import { formatTable } from "../../table.ts";
import { integer } from "../../values.ts";
import { aclRow } from "./acls.ts";
import { addRightsOptions, type RightsFlags, rightsOf } from "./rights.ts";

interface SetFlags extends RightsFlags {
  readonly passwordFile: string;
  readonly mechanism?: readonly ScramMechanism[];
  readonly iterations?: number;
}

export function addUsersCommand(program: Command, cli: Cli): void {
  const users = program.command("users").description("users with passwords");
  addExamples(users, ["sluice users set alice --password-file secret.txt --role read --topic click", "sluice users list"]);
  users.command("list").alias("ls").description("list users").action(withSession(cli, listUsers));
  users.command("describe <user>").description("one, with what it may do").action(withSession(cli, describeUser));
  const set = users
    .command("set <user>")
    .description("make a user, or give one another password")
    .requiredOption("--password-file <file>", "where the password is; - for standard input")
    .addOption(new Option("--mechanism <names...>", "how it can be shown by SASL (both)").choices(wordsOf(SCRAM_MECHANISM_CODES)))
    .option("--iterations <count>", "of PBKDF2: more are slower to guess", integer(1));
  addRightsOptions(set);
  addExamples(set, [
    "sluice users set alice --password-file secret.txt --role read --topic click",
    "sluice users set alice --password-file secret.txt",
  ]);
  set.action(withSession(cli, setUser));
  const remove = users.command("delete <user>").alias("rm").description("delete a user and its ACLs").option("--yes", "do not ask");
  addExamples(remove, ["sluice users delete alice --yes"]);
  remove.action(withSession(cli, deleteUser));
}

async function listUsers({ admin, output }: Session): Promise<void> {
  const users = await admin.security.users();
  await output.document({ users }, () =>
    formatTable(
      users.map(({ user, credentials }) => ({ user, credentials: credentials.map(({ mechanism }) => mechanism).join(" ") })),
      "there are no users",
    ),
  );
}

async function describeUser({ admin, output }: Session, name: string): Promise<void> {
  const user = await admin.security.user(name);
  await output.document(user, () => {
    const credentials = user.credentials.map(({ mechanism, iterations }) => `${mechanism} (${iterations} iterations)`);
    return [`${user.user}  ${credentials.join(", ")}`, "", formatTable(user.acls.map(aclRow), "it may do nothing: no ACL names it")].join(
      "\n",
    );
  });
}

async function setUser(session: Session, user: string, flags: SetFlags): Promise<void> {
  const password = await readSecret(session, flags.passwordFile, "password");
  const rights = rightsOf(flags);
  await session.admin.security.putUser(user, {
    password,
    ...(flags.mechanism === undefined ? {} : { mechanisms: [...flags.mechanism] }),
    ...(flags.iterations === undefined ? {} : { iterations: flags.iterations }),
    ...(rights === undefined ? {} : { rights }),
  });
  await session.output.done({ user }, `${user}: set`);
}

async function deleteUser(session: Session, user: string, flags: { readonly yes?: boolean }): Promise<void> {
  await confirm(session, flags, `delete the user ${user} and its ACLs`);
  await session.admin.security.deleteUser(user);
  await session.output.done({ deleted: user }, `deleted ${user}`);
}
