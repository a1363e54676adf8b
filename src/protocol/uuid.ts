// UUIDs: 16 bytes on the wire, `8-4-4-4-12` lower case hexadecimal digits in the broker.

/** Kafka's "no id" (Uuid.ZERO_UUID). */
export const ZERO_UUID = "00000000-0000-0000-0000-000000000000";

export const UUID_BYTES = 16;

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The UUID in the 16 bytes at `position`, which are there. */
export function readUuid(bytes: Uint8Array, position: number): string {
  const hex = (from: number, to: number) => {
    let text = "";
    for (let i = position + from; i < position + to; i++) text += HEX[bytes[i]!];
    return text;
  };
  return `${hex(0, 4)}-${hex(4, 6)}-${hex(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`;
}

export function isUuid(text: string): boolean {
  return PATTERN.test(text);
}

/** Writes a valid UUID into the 16 bytes at `position`. */
export function writeUuid(bytes: Uint8Array, position: number, uuid: string): void {
  const digits = uuid.replaceAll("-", "");
  for (let i = 0; i < UUID_BYTES; i++) bytes[position + i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
}
