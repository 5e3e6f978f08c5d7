/**
 * Profiles that were uploaded to the service, as they lie in R2: sealed piece by piece under a key of their own, which is
 * sealed by the service's secret. A piece is bound to its place, and the last one to being the last, so that a file whose
 * pieces were moved or cut off does not open.
 */
import { fault } from "../errors.js";
import { fromBase64, newSecret } from "../service/ids.js";
import type { SecretBox } from "../service/secrets.js";
import type { Bucket } from "./runtime.js";
import type { Chunks } from "./source.js";
import { store } from "./upload.js";

/** Bytes of a piece before it is sealed. */
const PIECE_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const SEALED_BYTES = PIECE_BYTES + TAG_BYTES;

/** Pieces of one request. */
const AT_ONCE = 2;

const PURPOSE = "upload";

/** The entry of the object's metadata that holds the file's key, sealed. */
const KEY_ENTRY = "activecampaign-export-key";

async function keyOf(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", fromBase64(secret) ?? new Uint8Array(), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** A file has a key of its own, so that no nonce is ever used twice with one. */
function terms(place: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(12);
  iv[0] = last ? 1 : 0;
  new DataView(iv.buffer).setUint32(8, place);
  return { name: "AES-GCM", iv };
}

/**
 * Stores a body sealed, all or nothing, unless it may not in the end; gives its length before it was sealed.
 *
 * @throws ExportError `too_large` beyond `maxBytes`.
 */
export async function storeSealed(bucket: Bucket, key: string, body: ReadableStream<Uint8Array>, box: SecretBox, maxBytes: number, may: () => Promise<boolean>): Promise<number | undefined> {
  const secret = newSecret();
  const counted = { bytes: 0 };
  const pieces = sealedPieces(body, await keyOf(secret), maxBytes, counted);
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const stored = await store(bucket, key, stream, may, { [KEY_ENTRY]: await box.seal(secret, PURPOSE, key) });
  return stored === undefined ? undefined : counted.bytes;
}

async function* sealedPieces(body: ReadableStream<Uint8Array>, key: CryptoKey, maxBytes: number, counted: { bytes: number }): AsyncGenerator<Uint8Array> {
  const seal = async (place: number, last: boolean, piece: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => new Uint8Array(await crypto.subtle.encrypt(terms(place, last), key, piece));
  const piece = new Uint8Array(PIECE_BYTES);
  let [place, length] = [0, 0];
  for await (const chunk of body) {
    counted.bytes += chunk.byteLength;
    if (counted.bytes > maxBytes) throw fault("too_large", "source", `The profiles are more than ${maxBytes} bytes.`, "Split them into several segments.");
    for (let at = 0; at < chunk.byteLength; ) {
      // A full one waits for what follows, so that the last one is known when it is sealed.
      if (length === PIECE_BYTES) {
        yield await seal(place, false, piece);
        [place, length] = [place + 1, 0];
      }
      const taken = chunk.subarray(at, at + PIECE_BYTES - length);
      piece.set(taken, length);
      length += taken.byteLength;
      at += taken.byteLength;
    }
  }
  yield await seal(place, true, piece.slice(0, length));
}

/** A sealed file as a source. `read` gives a part of what lies in the bucket, or less at its end. */
export async function openSealed(box: SecretBox, name: string, metadata: Readonly<Record<string, string>>, size: number, read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>): Promise<{ source: Chunks }> {
  const key = await keyOf(await box.open(metadata[KEY_ENTRY] ?? "", PURPOSE, name));
  const count = Math.ceil(size / SEALED_BYTES);
  async function* data(offset: number): AsyncGenerator<Uint8Array> {
    let place = Math.floor(offset / PIECE_BYTES);
    let skipped = offset - place * PIECE_BYTES;
    while (place < count) {
      const sealed = await read(place * SEALED_BYTES, Math.min(AT_ONCE * SEALED_BYTES, size - place * SEALED_BYTES));
      if (sealed.byteLength === 0) throw damaged();
      for (let at = 0; at < sealed.byteLength; at += SEALED_BYTES, place += 1) {
        const piece = await opened(key, place, place === count - 1, sealed.slice(at, at + SEALED_BYTES));
        if (piece.byteLength > skipped) yield piece.subarray(skipped);
        skipped = 0;
      }
    }
  }
  return { source: { sizeBytes: size - count * TAG_BYTES, data } };
}

async function opened(key: CryptoKey, place: number, last: boolean, piece: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(terms(place, last), key, piece));
  } catch {
    throw damaged();
  }
}

function damaged(): Error {
  return fault("sealed", "source", "The uploaded profiles do not open: they were changed, or the service has another secret now.", "Upload them again.");
}
