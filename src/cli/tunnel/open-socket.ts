// Opens the WebSocket of one connection, and says in a sentence why it does not open: what is told to whoever runs the tunnel.

import { WebSocket } from "ws";
import { formatHostPort, type HostPort } from "../../common/host-port.ts";
import { MAX_REFUSAL_BYTES, MAX_TUNNEL_MESSAGE_BYTES, TUNNEL_HANDSHAKE_MS } from "../../common/limits/clients.ts";
import { ADVERTISED_LISTENER_HEADER, KAFKA_SUBPROTOCOL } from "../../contract/kafka-socket.ts";
import { CliError } from "../failure.ts";
import type { TunnelOptions } from "./options.ts";

/** The broker cannot be reached, or does not let the tunnel in; the message says why and what to do. */
export class TunnelError extends CliError {}

/**
 * Resolves once the WebSocket is open.
 * @param advertised what the connection's Kafka client is told to connect to
 * @throws TunnelError
 */
export async function openSocket({ url, token }: Pick<TunnelOptions, "url" | "token">, advertised: HostPort): Promise<WebSocket> {
  const socket = new WebSocket(url, [KAFKA_SUBPROTOCOL], {
    headers: {
      [ADVERTISED_LISTENER_HEADER]: formatHostPort(advertised),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    perMessageDeflate: false, // batches are compressed by their producers
    handshakeTimeout: TUNNEL_HANDSHAKE_MS,
    maxPayload: MAX_TUNNEL_MESSAGE_BYTES,
  });
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => reject(new TunnelError(message));
    socket.once("open", () => {
      socket.off("error", onError);
      resolve(socket);
    });
    const onError = (error: NodeJS.ErrnoException): void => fail(describeError(error, url));
    socket.once("error", onError);
    socket.once("unexpected-response", (request, response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
        if (body.length > MAX_REFUSAL_BYTES) response.destroy();
      });
      response.once("close", () => {
        fail(describeRefusal(response.statusCode ?? 0, problemDetail(body), url, token !== null));
        request.destroy();
      });
    });
  });
}

/** @param detail what the broker itself says; empty where it says nothing */
export function describeRefusal(status: number, detail: string, url: URL, hasToken: boolean): string {
  const said = detail === "" ? "" : `: ${detail}`;
  if (status === 401) return `the broker refuses ${hasToken ? "the token" : "a client without a token"} (401)${said}`;
  if (status === 404) return `there is no Kafka door at ${url} (404): is it a Sluice broker, new enough to have one?`;
  if (status >= 300 && status < 400) return `${url} is elsewhere (${status}): give --url the address that it leads to`;
  return `${url} answered ${status} to the request for a WebSocket${said}`;
}

export function describeError({ code = "", message }: NodeJS.ErrnoException, url: URL): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `no address is known for ${url.hostname} (DNS: ${code})`;
  if (code === "ECONNREFUSED") return `nothing listens at ${url.host}`;
  if (code === "EPROTO" || /wrong version number/i.test(message))
    return `${url.host} does not speak TLS there: is it http:// instead of https://?`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) {
    return `the certificate of ${url.host} is not trusted (${code}): ${message}; NODE_EXTRA_CA_CERTS names a file of further authorities`;
  }
  return `${url.host} cannot be reached: ${message || code}`;
}

function problemDetail(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === "string" ? detail : "";
  } catch {
    return ""; // a proxy's page, or nothing: the status says it all
  }
}
