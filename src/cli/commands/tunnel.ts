// `sluice tunnel`: carries Kafka clients to a broker that is reached by HTTPS alone, until a signal ends it (src/cli/tunnel/).

import { once } from "node:events";
import type { Command } from "commander";
import { formatHostPort } from "../../common/host-port.ts";
import type { Cli } from "../cli.ts";
import { addExamples } from "../help.ts";
import { type Session, withSession } from "../session.ts";
import type { TunnelFlags } from "../tunnel/options.ts";

export function addTunnelCommand(program: Command, cli: Cli): void {
  const tunnel = program
    .command("tunnel")
    .description("carry Kafka clients to a broker that is reached by HTTPS alone")
    .option("--listen <host:port>", "where Kafka clients connect; port 0 takes a free one", "127.0.0.1:9092")
    .option("--advertise <host:port>", "what clients are told to connect to, where it is not the address that they came by");
  tunnel.addHelpText(
    "after",
    "\nWhoever reaches the tunnel uses its token. Without one, clients authenticate themselves (SASL PLAIN, with the token as the password).",
  );
  addExamples(tunnel, [
    "SLUICE_TOKEN=… sluice tunnel --url https://sluice.example.workers.dev",
    "sluice tunnel --profile prod --listen 127.0.0.1:19092",
  ]);
  tunnel.action(withSession(cli, runTunnel));
}

async function runTunnel({ settings, output, signal }: Session, flags: TunnelFlags): Promise<void> {
  const { isLoopback, tunnelOptions } = await import("../tunnel/options.ts");
  const { openTunnel } = await import("../tunnel/tunnel.ts");
  const options = tunnelOptions(flags, settings);
  const tunnel = await openTunnel(options, (line) => output.note(`tunnel: ${line}`));
  if (options.token !== null && !isLoopback(options.listen)) {
    output.note("tunnel: other machines may reach this address, and all who do use the token");
  }
  const address = formatHostPort(tunnel.address);
  await output.document({ address, broker: options.url.href }, () => `Kafka clients on ${address} are carried to ${options.url}`);
  if (!signal.aborted) await once(signal, "abort");
  await tunnel.close();
}
