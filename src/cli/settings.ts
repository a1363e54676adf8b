// Which broker, and by which token: flags go before the environment, the environment before the config file, the file before the defaults.
//
//   ~/.config/sluice/config.json, or what --config or SLUICE_CONFIG names:
//   {"profile": "local", "profiles": {"local": {"url": "http://127.0.0.1:8787"}, "prod": {"url": "https://…", "token": "…"}}}
//
// A profile's token goes to the profile's own address and to no other: `--url` with a stranger's address sends it nothing.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./failure.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The flags that every command takes. */
export interface GlobalFlags {
  readonly url?: string;
  readonly token?: string;
  readonly config?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

export interface Settings {
  /** http: or https:, without a slash at its end. */
  readonly url: string;
  /** Whether somebody chose the URL: the default is only a guess. */
  readonly isUrlGiven: boolean;
  readonly token: string | undefined;
  readonly json: boolean;
}

interface Profile {
  readonly url?: string;
  readonly token?: string;
}

/** Where `sluice serve` listens. */
export const DEFAULT_URL = "http://127.0.0.1:8787";

/** Throws UsageError for a value or a file that is refused. */
export function resolveSettings(flags: GlobalFlags, environment: Environment): Settings {
  const profile = readProfile(flags, environment);
  const given = flags.url ?? (environment.SLUICE_URL || undefined);
  const url = checkUrl(given ?? profile.url ?? DEFAULT_URL);
  const isProfilesOwn = given === undefined || (profile.url !== undefined && checkUrl(profile.url) === url);
  const token = flags.token ?? (environment.SLUICE_TOKEN || undefined) ?? (isProfilesOwn ? profile.token : undefined);
  return { url, isUrlGiven: (given ?? profile.url) !== undefined, token: token && checkToken(token), json: flags.json === true };
}

/** Where the config file is, if nobody names another. */
export function defaultConfigFile(environment: Environment): string {
  return join(environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), ".config"), "sluice", "config.json");
}

function readProfile(flags: GlobalFlags, environment: Environment): Profile {
  const named = flags.config ?? (environment.SLUICE_CONFIG || undefined);
  const file = named ?? defaultConfigFile(environment);
  const profileName = flags.profile ?? (environment.SLUICE_PROFILE || undefined);
  const text = readIfThere(file, named !== undefined);
  if (text === null) {
    if (profileName !== undefined) throw new UsageError(`there is no profile "${profileName}": ${file} is not there`);
    return {};
  }
  return chooseProfile(parseConfig(text, file), profileName, file);
}

function readIfThere(file: string, isNamed: boolean): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !isNamed) return null;
    throw new UsageError(`the config file cannot be read: ${(error as Error).message}`);
  }
}

interface ConfigFile {
  readonly profile?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** A key that nobody reads is refused: it is a typing mistake, and what it meant would silently not be. */
function parseConfig(text: string, file: string): ConfigFile {
  const config = parseObject(text, file);
  refuseOtherKeys(config, ["profile", "profiles"], file);
  const { profile, profiles = {} } = config;
  if (profile !== undefined && typeof profile !== "string") throw new UsageError(`${file}: "profile" is a profile's name`);
  if (!isObject(profiles)) throw new UsageError(`${file}: "profiles" is an object of profiles by name`);
  for (const [name, value] of Object.entries(profiles)) {
    if (!isObject(value)) throw new UsageError(`${file}: the profile "${name}" is an object with "url" and "token"`);
    refuseOtherKeys(value, ["url", "token"], `${file}, profile "${name}"`);
    const wrong = Object.entries(value).find(([, setting]) => typeof setting !== "string");
    if (wrong !== undefined) throw new UsageError(`${file}, profile "${name}": "${wrong[0]}" is a string`);
  }
  return { profiles: profiles as Record<string, Profile>, ...(profile === undefined ? {} : { profile }) };
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new UsageError(`${file} is a JSON object: {"profile": …, "profiles": {…}}`);
  return value;
}

function refuseOtherKeys(value: object, known: readonly string[], where: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw new UsageError(`${where}: there is no setting "${other}" (there are ${known.join(", ")})`);
}

function chooseProfile({ profile, profiles }: ConfigFile, flag: string | undefined, file: string): Profile {
  const name = flag ?? profile;
  if (name === undefined) return {};
  const chosen = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (chosen === undefined)
    throw new UsageError(`there is no profile "${name}" in ${file} (there are ${Object.keys(profiles).join(", ") || "none"})`);
  return chosen;
}

/** Also refuses what would put a secret on the wire in another place than the header. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`the broker's URL is http:// or https://, not "${text}"`);
  if (url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new UsageError("the broker's URL has no user, query or fragment; the token goes into --token or SLUICE_TOKEN");
  }
  return url.href.replace(/\/+$/, "");
}

/** A header's value is printable ASCII; the token itself is in no message. */
function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError("the token has characters that no token of a broker has");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
