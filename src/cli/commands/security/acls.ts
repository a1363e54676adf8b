// `sluice acls`: Kafka's access control lists.

import { type Command, Option } from "commander";
import {
  type AclOperation,
  OPERATIONS,
  type PatternType,
  type Permission,
  RESOURCE_TYPES,
  type ResourceType,
  wordsOf,
} from "../../../common/security-words.ts";
import type { Cli } from "../../cli.ts";
import { confirm } from "../../confirm.ts";
import { UsageError } from "../../failure.ts";
import { addExamples } from "../../help.ts";
import { type Session, withSession } from "../../session.ts";
import { formatTable } from "../../table.ts";

interface Acl {
  readonly resourceType: ResourceType;
  readonly resourceName: string;
  readonly patternType: PatternType;
  readonly principal: string;
  readonly operation: AclOperation;
  readonly permission: Permission;
}

interface AclFlags {
  readonly principal?: string;
  readonly operation?: AclOperation;
  readonly resource?: ResourceType;
  readonly name?: string;
  readonly prefixed?: boolean;
  readonly deny?: boolean;
  readonly yes?: boolean;
}

export function addAclsCommand(program: Command, cli: Cli): void {
  const acls = program.command("acls").description("Kafka's access control lists");
  const example = "sluice acls add --principal User:alice --operation READ --resource TOPIC --name click --prefixed";
  addExamples(acls, [example, "sluice acls list --principal User:alice"]);
  const list = addAclOptions(acls.command("list").alias("ls").description("list ACLs, those that fit the flags"));
  addExamples(list, ["sluice acls list", "sluice acls list --principal User:alice --json"]);
  list.action(withSession(cli, listAcls));
  const add = addAclOptions(acls.command("add").description("add an ACL")).option("--deny", "forbid instead of allow");
  addExamples(add, [example, "sluice acls add --principal Token:ci --operation WRITE --resource TOPIC --name secret --deny"]);
  add.action(withSession(cli, addAcl));
  const remove = addAclOptions(acls.command("delete").alias("rm").description("delete the ACLs that fit the flags")).option(
    "--yes",
    "do not ask",
  );
  addExamples(remove, ["sluice acls delete --principal User:alice --yes"]);
  remove.action(withSession(cli, deleteAcls));
}

function addAclOptions(command: Command): Command {
  return command
    .option("--principal <principal>", "User:NAME, Token:NAME, User:* for everybody")
    .addOption(new Option("--operation <operation>", "what is done").choices(wordsOf(OPERATIONS)))
    .addOption(new Option("--resource <type>", "what it is done to").choices(wordsOf(RESOURCE_TYPES)))
    .option("--name <name>", "the resource's name; * for every one")
    .option("--prefixed", "the name is the beginning of names");
}

/** As a row of a table. */
export function aclRow({ resourceType, resourceName, patternType, principal, operation, permission }: Acl) {
  const name = patternType === "PREFIXED" ? `${resourceName}…` : resourceName;
  return { principal, permission, operation, resource: resourceType, name };
}

async function listAcls({ admin, output }: Session, flags: AclFlags): Promise<void> {
  const acls = await admin.security.acls(filterOf(flags));
  await output.document({ acls }, () => formatTable(acls.map(aclRow), "there are none"));
}

async function addAcl({ admin, output }: Session, flags: AclFlags): Promise<void> {
  const { principal, operation, resource, name } = flags;
  if (principal === undefined || operation === undefined || resource === undefined || name === undefined) {
    throw new UsageError("an ACL needs --principal, --operation, --resource and --name");
  }
  const acl: Acl = {
    ...{ resourceType: resource, resourceName: name, patternType: flags.prefixed ? "PREFIXED" : "LITERAL" },
    ...{ principal, operation, permission: flags.deny ? "DENY" : "ALLOW" },
  };
  const [refusal] = await admin.security.createAcls([acl]);
  if (refusal) throw refusal;
  await output.done(acl, formatTable([aclRow(acl)], ""));
}

async function deleteAcls(session: Session, flags: AclFlags): Promise<void> {
  const filter = filterOf(flags);
  if (Object.keys(filter).length === 0) throw new UsageError("which ones? Give --principal, --operation, --resource or --name");
  await confirm(session, flags, "delete the ACLs that fit");
  const acls = await session.admin.security.deleteAcls(filter);
  await session.output.document({ deleted: acls }, () => formatTable(acls.map(aclRow), "none fitted"));
}

function filterOf({ principal, operation, resource, name, prefixed }: AclFlags) {
  return {
    ...(principal === undefined ? {} : { principal }),
    ...(operation === undefined ? {} : { operation }),
    ...(resource === undefined ? {} : { resourceType: resource }),
    ...(name === undefined ? {} : { resourceName: name }),
    ...(prefixed ? { patternType: "PREFIXED" as const } : {}),
  };
}
