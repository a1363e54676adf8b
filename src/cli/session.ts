// What an action works with: the broker that the flags name, where to print, and the signal that ends it.

import type { Command } from "commander";
import { Admin } from "../sdk/admin/admin.ts";
import { type Client, createClient } from "../sdk/client.ts";
import type { Codecs } from "../sdk/compression.ts";
import { createBrokerFetch } from "./broker-fetch.ts";
import type { Cli } from "./cli.ts";
import { createCodecs } from "./compression.ts";
import { Output } from "./output.ts";
import { type GlobalFlags, resolveSettings, type Settings } from "./settings.ts";

/** By which quotas and logs know this program. */
const CLIENT_ID = "sluice-cli";

export interface Session {
  readonly cli: Cli;
  readonly settings: Settings;
  readonly client: Client;
  readonly admin: Admin;
  /** For producers. */
  readonly codecs: Codecs;
  readonly output: Output;
  /** Aborted by Ctrl-C and by SIGTERM: what runs commits, closes and returns. */
  readonly signal: AbortSignal;
}

/** Throws UsageError where the settings are refused. */
export function openSession(cli: Cli, flags: GlobalFlags): Session {
  const settings = resolveSettings(flags, cli.environment);
  const { url, token, json } = settings;
  const client = createClient({ url, clientId: CLIENT_ID, fetch: createBrokerFetch(url), ...(token === undefined ? {} : { token }) });
  return {
    cli,
    settings,
    client,
    admin: new Admin(client),
    codecs: createCodecs(() => cli.launcher.loadCoreCodecs()),
    output: new Output(json, cli),
    signal: cli.signal,
  };
}

/** A commander action that gets a session, then the command's arguments, then its flags. */
export function withSession<Args extends unknown[]>(cli: Cli, action: (session: Session, ...args: Args) => Promise<void>) {
  return async (...args: [...Args, Command]): Promise<void> => {
    const command = args.at(-1) as Command;
    await action(openSession(cli, command.optsWithGlobals<GlobalFlags>()), ...(args.slice(0, -1) as Args));
  };
}
