// SaslHandshake (key 17), versions 0-1, and SaslAuthenticate (36), versions 0-2: see ../sasl.ts. Not here: SaslHandshake 0 with tokens that
// travel bare, OAUTHBEARER, GSSAPI.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { beginSasl, continueSasl, MECHANISMS } from "../sasl.ts";

export const saslHandshake = serve(API.saslHandshake, { min: 0, max: 1 }, async (call) => {
  const error = beginSasl(call, call.request.mechanism);
  return { errorCode: error === null ? 0 : errorCode(error), mechanisms: MECHANISMS };
});

export const saslAuthenticate = serve(API.saslAuthenticate, { min: 0, max: 2 }, (call) => continueSasl(call, call.request.authBytes));
