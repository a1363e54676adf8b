// Parts of buffers, put together only where they must be.

export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  /** Exclusive. */
  end: number;
}

/** One buffer of exactly the pieces' bytes. A single piece that is a whole buffer is that buffer, not a copy. */
export function concatPieces(pieces: readonly Piece[]): ArrayBuffer {
  const only = pieces.length === 1 ? pieces[0] : undefined;
  if (only !== undefined) {
    return only.start === 0 && only.end === only.buffer.byteLength ? only.buffer : only.buffer.slice(only.start, only.end);
  }
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0));
  let position = 0;
  for (const piece of pieces) {
    all.set(new Uint8Array(piece.buffer, piece.start, piece.end - piece.start), position);
    position += piece.end - piece.start;
  }
  return all.buffer;
}
