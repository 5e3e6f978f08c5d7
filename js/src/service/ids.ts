/** Names of records, and random secrets. */

/** Letters and digits that cannot be taken for each other. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function random(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** A new name: 16 letters and digits, 80 random bits. */
export function newId(): string {
  return random(16);
}

/** A new name that sorts by its time, in milliseconds since the Unix epoch. */
export function newTimedId(now: number): string {
  return `${timeKey(now)}${random(10)}`;
}

/** The time as text that sorts, ten digits long: until the year 37648. */
export function timeKey(now: number): string {
  let text = "";
  for (let rest = Math.max(0, Math.floor(now)); text.length < 10; rest = Math.floor(rest / 32)) text = `${ALPHABET[rest % 32]}${text}`;
  return text;
}

/** 32 random bytes, in base64url. */
export function newSecret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of a text in base64 or base64url; nothing when it is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function sameText(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ (other.charCodeAt(at) || 0);
  return difference === 0;
}
