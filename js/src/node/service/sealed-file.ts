/**
 * A file that holds people's data: written once, sealed piece by piece, and read from any byte on. A piece is bound to its
 * place, and the last one to being the last, so that a file whose pieces were moved or cut off does not open.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { fault } from "../../errors.js";

/** Bytes of a piece before it is sealed. */
const PIECE_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const SALT_BYTES = 32;

function keyOf(secret: string, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, "activecampaign-export upload", 32));
}

/** The nonce of a piece. A file has a key of its own, so that none is ever used twice. */
function nonce(place: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(last ? 1 : 0, 0);
  bytes.writeUInt32BE(place, 8);
  return bytes;
}

/**
 * Writes a file anew, all or nothing; the bytes that it holds.
 *
 * @throws ExportError `too_large` beyond `maxBytes`, `no_profiles` for nothing at all.
 */
export async function writeSealed(path: string, secret: string, body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.part`;
  const file = await open(temporary, "wx", 0o600);
  try {
    const salt = randomBytes(SALT_BYTES);
    const key = keyOf(secret, salt);
    await file.write(salt);
    let [place, bytes, rest] = [0, 0, Buffer.alloc(0)];
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw fault("too_large", "source", `The profiles are more than ${maxBytes} bytes.`, "Split them into several segments.");
      rest = Buffer.concat([rest, chunk]);
      // One piece stays, so that the last one is known when it is written.
      for (; rest.byteLength > PIECE_BYTES; place += 1) {
        await writePiece(file, key, place, false, rest.subarray(0, PIECE_BYTES));
        rest = rest.subarray(PIECE_BYTES);
      }
    }
    // What was there before must not be replaced by a request that broke or was forgotten to be filled.
    if (bytes === 0) throw fault("no_profiles", "source", "The upload is empty.", "Send the profiles as its body, as CSV or NDJSON in UTF-8.");
    await writePiece(file, key, place, true, rest);
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return bytes;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writePiece(file: FileHandle, key: Buffer, place: number, last: boolean, piece: Uint8Array): Promise<void> {
  const cipher = createCipheriv("aes-256-gcm", key, nonce(place, last));
  const sealed = Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  await file.write(sealed);
}

/** What a sealed file holds, from a byte on. */
export async function* readSealed(path: string, secret: string, offset: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const salt = Buffer.alloc(SALT_BYTES);
    await file.read(salt, 0, SALT_BYTES, 0);
    const key = keyOf(secret, salt);
    const pieces = Math.ceil((size - SALT_BYTES) / (PIECE_BYTES + TAG_BYTES));
    for (let place = Math.floor(offset / PIECE_BYTES); place < pieces; place += 1) {
      const opened = await readPiece(file, key, place, place === pieces - 1);
      const skipped = Math.max(0, offset - place * PIECE_BYTES);
      if (opened.byteLength > skipped) yield opened.subarray(skipped);
    }
  } finally {
    await file.close();
  }
}

async function readPiece(file: FileHandle, key: Buffer, place: number, last: boolean): Promise<Uint8Array> {
  const sealed = Buffer.alloc(PIECE_BYTES + TAG_BYTES);
  const { bytesRead } = await file.read(sealed, 0, sealed.byteLength, SALT_BYTES + place * sealed.byteLength);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(place, last));
    decipher.setAuthTag(sealed.subarray(bytesRead - TAG_BYTES, bytesRead));
    return Buffer.concat([decipher.update(sealed.subarray(0, bytesRead - TAG_BYTES)), decipher.final()]);
  } catch {
    throw fault("sealed", "source", "The uploaded profiles do not open: they were changed, or the service has another secret now.", "Upload them again.");
  }
}
