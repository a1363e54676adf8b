// `npm run dev`: `wrangler dev`, which reloads the Worker when its sources change and has R2. Further flags are wrangler's.
//
// The broker is open (no token) only while it listens on loopback, so a chosen --ip takes SLUICE_OPEN away.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build-core.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const flags = process.argv.slice(2);
const choosesAddress = flags.some((flag) => flag === "--ip" || flag.startsWith("--ip="));
const access = choosesAddress ? [] : ["--ip", "127.0.0.1", "--var", "SLUICE_OPEN:1"];

await buildCore();
console.log(choosesAddress ? "An --ip was given: set SLUICE_ADMIN_TOKEN in .dev.vars." : "Open without a token, on loopback only.");
const { status } = spawnSync(process.execPath, [`${root}node_modules/wrangler/bin/wrangler.js`, "dev", ...access, ...flags], {
  cwd: root,
  stdio: "inherit",
  env: { WRANGLER_SEND_METRICS: "false", ...process.env },
});
process.exit(status ?? 1);
