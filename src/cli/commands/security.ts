// `sluice users`, `tokens`, `acls`, `quotas`: who may do what, and how much of it (docs/security.md).

import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addAclsCommand } from "./security/acls.ts";
import { addQuotasCommand } from "./security/quotas.ts";
import { addTokensCommand } from "./security/tokens.ts";
import { addUsersCommand } from "./security/users.ts";

export function addSecurityCommands(program: Command, cli: Cli): void {
  addUsersCommand(program, cli);
  addTokensCommand(program, cli);
  addAclsCommand(program, cli);
  addQuotasCommand(program, cli);
}
