// The compatibility date of every workerd that we start: wrangler.toml's, so that a Worker behaves here as it does when deployed.

import { readFileSync } from "node:fs";

export function compatibilityDate(): string {
  const date = /^compatibility_date\s*=\s*"([\d-]+)"/m.exec(readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8"))?.[1];
  if (date === undefined) throw new Error("wrangler.toml has no compatibility_date");
  return date;
}
