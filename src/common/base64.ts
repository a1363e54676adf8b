// Base64 (RFC 4648, section 4) over the platform's atob and btoa, which every runtime has; Uint8Array.fromBase64 is not everywhere yet.

/** Bytes a call of String.fromCharCode takes at once: its arguments live on the stack. */
const CHUNK_BYTES = 8192;

/** null where the text is not base64. Padding may be missing. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null; // atob throws for one reason alone: an InvalidCharacterError
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK_BYTES) return btoa(String.fromCharCode(...bytes));
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK_BYTES));
  }
  return btoa(binary);
}
