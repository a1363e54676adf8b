// What a request for a WebSocket has to say.

import { refuseHttp } from "./problem.ts";

export function requireUpgrade(request: Request): void {
  if (request.headers.get("upgrade")?.toLowerCase() === "websocket") return;
  throw refuseHttp(426, "This is a WebSocket: send Upgrade: websocket.", { upgrade: "websocket", connection: "Upgrade" });
}
