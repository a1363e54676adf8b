// MessagePack in and out, through msgpackr without its record extension (`useRecords: false`): plain maps, and no code made at run time,
// which Workers forbid. A body is walked (msgpack-check.ts) before msgpackr sees it.

import { type Options, Packr } from "msgpackr";
import { checkMsgpack } from "./msgpack-check.ts";
import { refuse } from "./problem.ts";

/** `auto`: an integer is a number where a number holds it, else a bigint. msgpackr documents it, its types leave it out. */
const packr = new Packr({ useRecords: false, int64AsType: "auto" } as unknown as Options);

/** Above this a MessagePack number from msgpackr is a float, which a client with typed integers would refuse. */
const MAX_UINT32 = 0xffff_ffff;

/** The value of a body. Throws 400 where it is not MessagePack. */
export function parseMsgpackBody(bytes: Uint8Array): unknown {
  const fault = checkMsgpack(bytes);
  if (fault !== null) throw refuse("INVALID_REQUEST", `The body is not MessagePack that can be read: ${fault}.`);
  return packr.unpack(bytes);
}

export function encodeMsgpack(value: unknown): Uint8Array<ArrayBuffer> {
  return packr.pack(withIntegers(value)) as Uint8Array<ArrayBuffer>;
}

/** The value with every large integer as a bigint, which msgpackr writes as int64. */
function withIntegers(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) && Math.abs(value) > MAX_UINT32 ? BigInt(value) : value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withIntegers);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) if (member !== undefined) copy[name] = withIntegers(member);
  return copy;
}
