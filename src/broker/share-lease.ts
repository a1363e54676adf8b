// A lease id: what a worker shows to settle a record. It says all that is needed to find the record, and the acquisition's token, which
// nobody guesses; whether it still counts, the share partition knows. Base64url (RFC 4648, section 5) of 52 bytes, big endian:
//
//    0 u8   1: of this layout
//    1 16   the group's UUID
//   17 16   the topic's id
//   33 u24  partition
//   36 f64  offset
//   44 f64  token
//
// The first 36 bytes, 48 characters, are the same for all records of a share partition, and written and read once for many.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import { readUuid, writeUuid } from "../protocol/uuid.ts";

const LAYOUT = 1;
const PLACE_BYTES = 36;
const PLACE_LENGTH = 48;
const RECORD_BYTES = 16;
const LEASE_PATTERN = /^[A-Za-z0-9_-]{70}$/;

interface LeasePlace {
  readonly groupUuid: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface Lease extends LeasePlace {
  readonly offset: number;
  readonly token: number;
}

/** Makes the lease ids of one share partition. */
export function leaseEncoder({ groupUuid, topicId, partition }: LeasePlace): (lease: Pick<Lease, "offset" | "token">) => string {
  const place = new Uint8Array(PLACE_BYTES);
  place[0] = LAYOUT;
  writeUuid(place, 1, groupUuid);
  writeUuid(place, 17, topicId);
  place.set([partition >>> 16, partition >>> 8, partition], 33);
  const placeText = toUrlText(place);
  const record = new Uint8Array(RECORD_BYTES);
  const view = new DataView(record.buffer);
  return ({ offset, token }) => {
    view.setFloat64(0, offset);
    view.setFloat64(8, token);
    return placeText + toUrlText(record);
  };
}

/** Reads lease ids: null for one that is none of ours. */
export function leaseDecoder(): (leaseId: string) => Lease | null {
  const places = new Map<string, LeasePlace | null>();
  return (leaseId) => {
    if (!LEASE_PATTERN.test(leaseId)) return null;
    const placeText = leaseId.slice(0, PLACE_LENGTH);
    let place = places.get(placeText);
    if (place === undefined) {
      place = readPlace(fromUrlText(placeText));
      places.set(placeText, place);
    }
    const record = fromUrlText(leaseId.slice(PLACE_LENGTH));
    if (place === null || record?.length !== RECORD_BYTES) return null;
    const view = new DataView(record.buffer);
    const [offset, token] = [view.getFloat64(0), view.getFloat64(8)];
    return isCount(offset) && isCount(token) ? { ...place, offset, token } : null;
  };
}

function readPlace(bytes: Uint8Array | null): LeasePlace | null {
  if (bytes?.length !== PLACE_BYTES || bytes[0] !== LAYOUT) return null;
  const partition = (bytes[33]! << 16) | (bytes[34]! << 8) | bytes[35]!;
  return { groupUuid: readUuid(bytes, 1), topicId: readUuid(bytes, 17), partition };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function toUrlText(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromUrlText(text: string): Uint8Array | null {
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
