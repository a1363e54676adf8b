// The cursor of a listing: the last name of the page, as base64url of its UTF-8. Opaque to clients, so that its content may change.

/** The cursor that continues after `name`. */
export function encodeCursor(name: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(name));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The name to continue after, or null where this is not a cursor. */
export function decodeCursor(cursor: string): string | null {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // not base64, or not UTF-8: a client made it up
  }
}
