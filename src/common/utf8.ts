// Strings in the order of their UTF-8 bytes, which is the order of SQLite's text. JavaScript's own `<` compares UTF-16 units, and so
// puts characters above U+FFFF before some that are below.

const encoder = new TextEncoder();

/** Negative, 0 or positive, as `one` is before, the same as or after `other`. */
export function compareUtf8(one: string, other: string): number {
  const [a, b] = [encoder.encode(one), encoder.encode(other)];
  const differsAt = a.findIndex((byte, index) => byte !== b[index]);
  return differsAt < 0 ? a.length - b.length : a[differsAt]! - (b[differsAt] ?? -1);
}

/** How many bytes a string takes as UTF-8. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
