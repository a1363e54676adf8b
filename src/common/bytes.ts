// Byte runs.

/** One run of all parts. A single part is given back as it is, not copied. */
export function concatBytes<Part extends Uint8Array>(parts: readonly Part[]): Part | Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** A CRC-32C as people compare it: 8 hex digits. */
export function hexCrc(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
