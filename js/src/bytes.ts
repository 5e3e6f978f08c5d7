/** Pieces of bytes as one; together they are so long. */
export function joined(pieces: Iterable<Uint8Array>, length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
