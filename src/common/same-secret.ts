// Compares secrets by their digests, so that neither the time nor the length tells anything about them.

/** Whether two texts are the same. */
export function sameSecret(left: string, right: string): Promise<boolean> {
  const encoder = new TextEncoder();
  return sameBytes(encoder.encode(left), encoder.encode(right));
}

/** Whether two byte runs are the same. */
export async function sameBytes(left: Uint8Array, right: Uint8Array): Promise<boolean> {
  const [a, b] = await Promise.all([digest(left), digest(right)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digest(bytes: Uint8Array): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
}
