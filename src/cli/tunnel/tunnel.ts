// The tunnel: a local TCP port whose connections are carried to a broker's /kafka, each over a WebSocket of its own. The tunnel holds
// no state: when a WebSocket breaks, its client is disconnected, and connects again as Kafka clients do.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { formatHostPort, type HostPort } from "../../common/host-port.ts";
import { carry } from "./carry.ts";
import { openSocket, TunnelError } from "./open-socket.ts";
import type { TunnelOptions } from "./options.ts";

export interface Tunnel {
  /** Where it listens. */
  readonly address: HostPort;
  /** Connections that are open. */
  readonly connectionCount: number;
  /** Listens no longer and ends every connection. */
  close(): Promise<void>;
}

/**
 * Tries the broker once, then listens.
 * @param log told of connections that could not be opened, or broke
 * @throws TunnelError where the broker does not let the tunnel in, or the address cannot be listened on
 */
export async function openTunnel(options: TunnelOptions, log: (line: string) => void): Promise<Tunnel> {
  await tryBroker(options);
  const clients = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    void serveClient(client, options, log);
  });
  await listen(server, options.listen);
  const { port } = server.address() as { port: number };
  return {
    address: { host: options.listen.host, port },
    get connectionCount() {
      return clients.size;
    },
    async close() {
      server.close();
      for (const client of clients) client.destroy();
      await once(server, "close");
    },
  };
}

/** Opens a WebSocket and closes it: what is wrong is said at the start, and not to each client by its connection's end. */
async function tryBroker(options: TunnelOptions): Promise<void> {
  const socket = await openSocket(options, { host: "localhost", port: 9092 });
  socket.on("error", () => undefined); // it was open, which is all that was asked
  socket.close();
}

async function listen(server: Server, { host, port }: HostPort): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const address = formatHostPort({ host, port });
    if (code === "EADDRINUSE") throw new TunnelError(`something else listens on ${address}: stop it, or give --listen another port`);
    throw new TunnelError(`cannot listen on ${address}: ${message}`);
  }
}

/** Serves one client to its end. Never rejects. */
async function serveClient(client: Socket, options: TunnelOptions, log: (line: string) => void): Promise<void> {
  const peer = `${client.remoteAddress}:${client.remotePort}`;
  const onEarlyError = (): void => undefined; // it left before it was served: "close" follows
  client.on("error", onEarlyError);
  try {
    const broker = await openSocket(options, options.advertise ?? localAddress(client));
    const why = await carry(client, broker);
    if (why !== null) log(`${peer}: ${why}`);
  } catch (error) {
    client.destroy();
    log(`${peer}: ${error instanceof TunnelError ? error.message : String(error)}`);
  }
}

/** The address that the client came by, IPv4 as such. */
function localAddress({ localAddress: host = "localhost", localPort: port = 9092 }: Socket): HostPort {
  return { host: host.replace(/^::ffff:(?=\d+\.)/, ""), port };
}
