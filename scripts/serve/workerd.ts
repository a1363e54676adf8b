// Starts workerd and learns which port it took.

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The pinned workerd's own executable, without npm's wrapper around it. The package has no types. */
const { default: executable } = createRequire(import.meta.url)("workerd") as { default: string };

/**
 * Starts workerd on a config file; its output goes to this process's. Modules are found from the config's folder, relative disk paths
 * from `folder`. What the config takes from the environment comes from `environment`.
 */
export function startWorkerd(configFile: string, folder = dirname(configFile), environment: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn(executable, ["serve", "--control-fd=3", configFile], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
}

/** The ports of a config's sockets, once all listen; workerd writes a line of JSON for each. Null: it ended before. */
export async function listeningPorts<Name extends string>(
  child: ChildProcess,
  sockets: readonly Name[],
): Promise<Readonly<Record<Name, number>> | null> {
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (message.event === "listen" && message.socket && message.port) ports.set(message.socket, message.port);
    if (sockets.every((socket) => ports.has(socket))) return Object.fromEntries(ports) as Record<Name, number>;
  }
  return null;
}
