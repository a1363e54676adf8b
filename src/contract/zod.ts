// The one import of zod. Its compiled parsers need `new Function`, which Workers forbid: it would try once, fail, and fall back.

import * as z from "zod";

z.config({ jitless: true });

export { z };
