// `npm run tunnel`: runs the tunnel until a signal ends it.

import { formatHostPort } from "../../common/host-port.ts";
import { TunnelError } from "./open-socket.ts";
import { isLoopback, parseTunnelOptions, TUNNEL_HELP, TunnelUsageError } from "./options.ts";
import { openTunnel } from "./tunnel.ts";

const USAGE_EXIT_CODE = 2;

/** Resolves to the exit code, after SIGINT or SIGTERM, or once it is clear that there is nothing to run. */
export async function runTunnel(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    const options = parseTunnelOptions(args, environment);
    if (options === null) {
      console.log(TUNNEL_HELP);
      return 0;
    }
    const tunnel = await openTunnel(options, (line) => console.error(`tunnel: ${line}`));
    if (options.token !== null && !isLoopback(options.listen)) {
      console.error("tunnel: other machines may reach this address, and all who do use the token");
    }
    console.log(`Kafka clients on ${formatHostPort(tunnel.address)} are carried to ${options.url}`);
    await stopAsked();
    await tunnel.close();
    return 0;
  } catch (error) {
    if (!(error instanceof TunnelError || error instanceof TunnelUsageError)) throw error;
    console.error(`tunnel: ${error.message}`);
    return error instanceof TunnelUsageError ? USAGE_EXIT_CODE : 1;
  }
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

if (import.meta.main) process.exit(await runTunnel(process.argv.slice(2), process.env));
