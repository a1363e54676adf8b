import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { defaultConfigFile, resolveSettings } from "../../../src/cli/settings.ts";

function configFile(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const PROFILES = {
  profile: "local",
  profiles: { local: { url: "http://a:1", token: "of-a" }, prod: { url: "https://b/", token: "of-b" } },
};
const NOWHERE = { XDG_CONFIG_HOME: "/nonexistent" };

test("flags go before the environment, the environment before the file, the file before the defaults", () => {
  const config = configFile(PROFILES);
  const environment = { ...NOWHERE, SLUICE_URL: "http://e:2", SLUICE_TOKEN: "of-e" };
  expect(resolveSettings({ config, url: "http://f:3", token: "of-f" }, environment)).toMatchObject({ url: "http://f:3", token: "of-f" });
  expect(resolveSettings({ config }, environment)).toMatchObject({ url: "http://e:2", token: "of-e" });
  expect(resolveSettings({ config }, NOWHERE)).toMatchObject({ url: "http://a:1", token: "of-a", isUrlGiven: true });
  expect(resolveSettings({}, NOWHERE)).toEqual({ url: "http://127.0.0.1:8787", token: undefined, isUrlGiven: false, json: false });
});

test("a profile is chosen by flag, by environment, or by the file itself", () => {
  const config = configFile(PROFILES);
  expect(resolveSettings({ config, profile: "prod" }, {}).url).toBe("https://b");
  expect(resolveSettings({ config }, { SLUICE_PROFILE: "prod" }).url).toBe("https://b");
  expect(resolveSettings({}, { SLUICE_CONFIG: config }).url).toBe("http://a:1");
});

test("a profile's token goes to the profile's own address and to no other", () => {
  const config = configFile(PROFILES);
  expect(resolveSettings({ config, url: "http://stranger" }, {}).token).toBeUndefined();
  expect(resolveSettings({ config }, { SLUICE_URL: "http://stranger" }).token).toBeUndefined();
  expect(resolveSettings({ config, url: "http://a:1/" }, {}).token).toBe("of-a");
});

test("the default file is where XDG says", () => {
  expect(defaultConfigFile({ XDG_CONFIG_HOME: "/x" })).toBe("/x/sluice/config.json");
  expect(defaultConfigFile({ HOME: "/home/u" })).toBe("/home/u/.config/sluice/config.json");
});

test.each([
  ["is not JSON", "{"],
  ["is a JSON object", []],
  ['no setting "urls"', { urls: 1 }],
  ['no setting "tokn"', { profiles: { a: { tokn: "x" } } }],
  ['"url" is a string', { profiles: { a: { url: 1 } } }],
  ['there is no profile "missing"', { profile: "missing", profiles: { a: {} } }],
  ['there is no profile "toString"', { profile: "toString", profiles: { a: {} } }],
])("a file is refused that %s", (words, content) => {
  expect(() => resolveSettings({ config: configFile(content) }, {})).toThrow(words);
});

test.each([
  ["http:// or https://", { url: "ftp://a" }],
  ["no user, query", { url: "https://u:p@a" }],
  ["no user, query", { url: "https://a?token=x" }],
  ["the token has characters", { token: "se same" }],
  ["cannot be read", { config: "/nonexistent/file" }],
  ["there is no profile", { profile: "x" }],
])("%s …", (words, flags) => {
  expect(() => resolveSettings(flags, NOWHERE)).toThrow(words);
});
