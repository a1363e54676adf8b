// A lease id: what a worker shows to settle a record. It says all that is needed to find the record, and the acquisition's token, which
// nobody guesses; whether it still counts, the share partition knows. Base64url (RFC 4648, section 5) of 53 bytes, big endian:
//
//    0 u8   1: of this layout
//    1 16   the group's UUID
//   17 16   the topic's id
//   33 u32  partition
//   37 f64  offset
//   45 f64  token

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import { readUuid, writeUuid } from "../protocol/uuid.ts";

const LAYOUT = 1;
const LEASE_BYTES = 53;
const LEASE_PATTERN = /^[A-Za-z0-9_-]{71}$/;

export interface Lease {
  readonly groupUuid: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly token: number;
}

/** Lease ids of one share partition: a pull makes many. */
export function leaseEncoder(groupUuid: string, topicId: string, partition: number): (lease: Pick<Lease, "offset" | "token">) => string {
  const bytes = new Uint8Array(LEASE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, LAYOUT);
  writeUuid(bytes, 1, groupUuid);
  writeUuid(bytes, 17, topicId);
  view.setUint32(33, partition);
  return ({ offset, token }) => {
    view.setFloat64(37, offset);
    view.setFloat64(45, token);
    return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
}

/** null: it is not one of ours. */
export function decodeLease(leaseId: string): Lease | null {
  if (!LEASE_PATTERN.test(leaseId)) return null;
  const bytes = decodeBase64(leaseId.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes === null || bytes.length !== LEASE_BYTES || bytes[0] !== LAYOUT) return null;
  const view = new DataView(bytes.buffer);
  const [partition, offset, token] = [view.getUint32(33), view.getFloat64(37), view.getFloat64(45)];
  if (!isOffset(offset) || !isOffset(token)) return null;
  return { groupUuid: readUuid(bytes, 1), topicId: readUuid(bytes, 17), partition, offset, token };
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
