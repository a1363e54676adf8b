// WebSockets of a tail. A client that has its own way to the broker (a binding, an app) asks by fetch with `Upgrade: websocket`, and finds
// the socket in the answer, as Workers do; one with a URL opens it by the platform's WebSocket, with the token in the query, since that
// can set no headers.

import { takenMessage } from "../../common/taken-message.ts";
import type { CallOptions, Client } from "../client.ts";
import { NetworkError } from "../errors.ts";
import { Fifo } from "../fifo.ts";

/** WebSocket.OPEN, by its number: the platform's constants differ in name. */
const SOCKET_OPEN = 1;

/** What Workers add to a Response, and to a WebSocket of one. */
interface UpgradedResponse {
  readonly webSocket?: (WebSocket & { accept(): void }) | null;
}

export async function openSocket(client: Client, path: string, query: NonNullable<CallOptions["query"]>): Promise<WebSocket> {
  if (client.hasOwnFetch) {
    const upgraded = (await client.open(path, { query, headers: { upgrade: "websocket" } })) as UpgradedResponse;
    if (!upgraded.webSocket) throw new NetworkError("the answer to the upgrade has no WebSocket", { retriable: false });
    upgraded.webSocket.accept();
    return upgraded.webSocket;
  }
  const address = client.address(path, { ...query, access_token: await client.token() });
  return new WebSocket(address.replace(/^http/, "ws"));
}

/**
 * Text messages until the socket closes well. Closes it when nobody asks for more. Tells the broker of each that was taken, so that it does
 * not send far ahead of a slow program.
 * @throws NetworkError where it breaks
 */
export async function* socketMessages(socket: WebSocket, signal: AbortSignal): AsyncGenerator<string> {
  const messages = new Fifo<string>();
  let ended: "open" | "closed" | "broken" = "open";
  let change = Promise.withResolvers<void>();
  const wake = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  const end = (how: "closed" | "broken") => () => {
    if (ended === "open") ended = how;
    wake();
  };
  socket.addEventListener("message", (event: MessageEvent) => {
    messages.push(String(event.data));
    wake();
  });
  socket.addEventListener("close", end("closed"));
  socket.addEventListener("error", end("broken"));
  const stop = end("closed");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop(); // while the socket was opened
  const tell = (count: number) => () => {
    if (socket.readyState === SOCKET_OPEN) socket.send(takenMessage(count));
  };
  tell(0)();
  socket.addEventListener("open", tell(0));
  try {
    for (;;) {
      const changed = change.promise;
      const message = messages.shift();
      if (message !== undefined) {
        yield message;
        tell(1)();
      } else if (ended === "open") await changed;
      else if (ended === "closed") return;
      else throw new NetworkError("the WebSocket could not be opened, or broke");
    }
  } finally {
    signal.removeEventListener("abort", stop);
    socket.close();
  }
}
