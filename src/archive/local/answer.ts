// Errors between the archive's Worker and its objects. An error that crosses a call loses its class, so a refusal crosses as a value.

import { ArchiveError, type ErrorName } from "../errors.ts";

export type Answer<T> = { readonly value: T } | { readonly refused: ErrorName; readonly detail: string };

/** In the object: turns an ArchiveError into a value. Anything else is a bug or a failed disk, and is thrown on. */
export function answer<T>(operation: () => T): Answer<T> {
  try {
    return { value: operation() };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { refused: error.name, detail: error.detail };
  }
}

/** In the Worker: the value, or the ArchiveError again. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  const result = await call;
  if ("refused" in result) throw new ArchiveError(result.refused, result.detail);
  return result.value;
}
