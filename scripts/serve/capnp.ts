// Cap'n Proto's text form, as far as workerd's configs need it.

/** A text literal. Cap'n Proto takes C's escapes, of which JSON's for these characters are a part. */
export function text(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
