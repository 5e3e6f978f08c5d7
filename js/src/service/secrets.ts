/**
 * Secrets that must be kept: keys of accounts and of webhooks, and rejected profiles.
 *
 * AES-256-GCM under a key of its own for each purpose, derived (HKDF) from the service's secret; bound to what it
 * belongs to, so that a sealed text moved to another record does not open. The secret has versions: what an old one
 * sealed still opens, and is sealed anew by `reseal`.
 */
import { fault } from "../errors.js";
import { base64url, fromBase64 } from "./ids.js";

export interface Secrets {
  /** The version that seals. */
  current: string;
  /** All versions that open: 32 bytes or more each, in base64url or as any text of 32 characters. */
  versions: Readonly<Record<string, string>>;
}

/** Shortest secret, in characters: 32 letters hold more than 128 random bits. */
const SHORTEST = 32;

export class SecretBox {
  readonly #secrets: Secrets;
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** Throws an `ExportError` when the secrets are none. */
  constructor(secrets: Secrets) {
    const wrong = Object.entries(secrets.versions).find(([version, secret]) => !/^[A-Za-z0-9_-]{1,32}$/u.test(version) || secret.length < SHORTEST);
    if (wrong || secrets.versions[secrets.current] === undefined) {
      throw fault("service_secret", "misuse", "The service's secret is missing, has a name that is none, or is shorter than 32 characters.", "Give each version a name of letters and digits and 32 random characters, and name the current one.");
    }
    this.#secrets = { current: secrets.current, versions: { ...secrets.versions } };
  }

  /** Seals a text for one purpose; `belongsTo` must be said again to open it. */
  async seal(text: string, purpose: string, belongsTo: string): Promise<string> {
    const version = this.#secrets.current;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const key = await this.#key(version, purpose);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(version, purpose, belongsTo) }, key, new TextEncoder().encode(text));
    return `${version}.${base64url(iv)}.${base64url(new Uint8Array(sealed))}`;
  }

  /** Throws an `ExportError` when it does not open: another secret, another record, or a changed text. */
  async open(sealed: string, purpose: string, belongsTo: string): Promise<string> {
    const [version = "", iv = "", text = ""] = sealed.split(".");
    try {
      const key = await this.#key(version, purpose);
      const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv), additionalData: bound(version, purpose, belongsTo) }, key, bytes(text));
      return new TextDecoder().decode(opened);
    } catch {
      throw fault("sealed", "credentials", "What is sealed here does not open: the service has another secret now, or the record was changed.", "Give the service its secret back, or enter the value anew.");
    }
  }

  /** The same text, sealed by the current version; nothing when it is already. */
  async reseal(sealed: string, purpose: string, belongsTo: string): Promise<string | undefined> {
    if (sealed.startsWith(`${this.#secrets.current}.`)) return undefined;
    return this.seal(await this.open(sealed, purpose, belongsTo), purpose, belongsTo);
  }

  /** A secret derived for one purpose, in base64url: for what needs a key of its own, such as the states of runs. */
  async derived(purpose: string): Promise<string> {
    // Always of the oldest: what it authenticates cannot be made anew.
    const [oldest = this.#secrets.current] = Object.keys(this.#secrets.versions);
    const bits = await crypto.subtle.deriveBits(derivation(purpose), await this.#base(oldest), 256);
    return base64url(new Uint8Array(bits));
  }

  #base(version: string): Promise<CryptoKey> {
    const secret = this.#secrets.versions[version];
    if (secret === undefined || !Object.hasOwn(this.#secrets.versions, version)) throw new Error("no such version");
    return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, ["deriveKey", "deriveBits"]);
  }

  #key(version: string, purpose: string): Promise<CryptoKey> {
    const name = `${version} ${purpose}`;
    const before = this.#keys.get(name);
    if (before) return before;
    const derive = async (): Promise<CryptoKey> =>
      crypto.subtle.deriveKey(derivation(purpose), await this.#base(version), { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const key = derive();
    // Connections come and go; a few hundred keys are enough to remember.
    if (this.#keys.size >= 500) this.#keys.clear();
    this.#keys.set(name, key);
    return key;
  }
}

function derivation(purpose: string): HkdfParams {
  const encoder = new TextEncoder();
  return { name: "HKDF", hash: "SHA-256", salt: encoder.encode(purpose), info: encoder.encode("activecampaign-export service") };
}

function bound(version: string, purpose: string, belongsTo: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([version, purpose, belongsTo]));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const found = fromBase64(text);
  if (!found) throw new Error("no base64");
  return found;
}
