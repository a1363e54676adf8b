// What workerd's Web Crypto has beyond Node's.

import { timingSafeEqual } from "node:crypto";

crypto.subtle.timingSafeEqual ??= (left, right) =>
  timingSafeEqual(new Uint8Array(left as ArrayBuffer), new Uint8Array(right as ArrayBuffer));
