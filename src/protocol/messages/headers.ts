// What stands before every request and response of a connection.
//
// Request    1: client id   2: flexible; the client id is not compact, so that a broker can read it whatever the version (KIP-482)
// Response   1: flexible

import { int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const requestHeader = message("RequestHeader", "0-2", "2+", {
  requestApiKey: int16(),
  requestApiVersion: int16(),
  correlationId: int32(),
  clientId: string("1+", { nullable: true, flexible: "none" }),
});

export const responseHeader = message("ResponseHeader", "0-1", "1+", {
  correlationId: int32(),
});
