// The flags for what a user or a token may do: a role, and the beginnings of the names that it holds for.

import { type Command, Option } from "commander";
import { UsageError } from "../../failure.ts";
import { each } from "../../values.ts";

const ROLES = ["admin", "read", "write", "readwrite"] as const;

export interface RightsFlags {
  readonly role?: (typeof ROLES)[number];
  readonly topic?: readonly string[];
  readonly group?: readonly string[];
  readonly transactionalId?: readonly string[];
}

export function addRightsOptions(command: Command): void {
  command
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES))
    .option("--topic <prefix>", "only topics whose names start so; repeat it for more", each)
    .option("--group <prefix>", "only groups whose ids start so; repeat it for more", each)
    .option("--transactional-id <prefix>", "only transactional ids that start so; repeat it for more", each);
}

/** What the API takes as `rights`; undefined where no flag speaks of them. */
export function rightsOf({ role, topic, group, transactionalId }: RightsFlags) {
  if (role === undefined) {
    if (topic ?? group ?? transactionalId)
      throw new UsageError("--topic, --group and --transactional-id say where --role holds: give --role too");
    return undefined;
  }
  return {
    role,
    ...(topic === undefined ? {} : { topics: [...topic] }),
    ...(group === undefined ? {} : { groups: [...group] }),
    ...(transactionalId === undefined ? {} : { transactionalIds: [...transactionalId] }),
  };
}
