// A certificate that nobody vouches for, made anew for each test: no key lies about, and no tool is needed.
import { generateKeyPairSync, sign } from "node:crypto";

/** One element of DER: its tag, its length, its content. */
function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const sequence = (...parts) => der(0x30, ...parts);
const identifier = (hex) => der(0x06, Buffer.from(hex, "hex"));
const ECDSA_SHA256 = sequence(identifier("2a8648ce3d040302"));

/** `YYMMDDHHMMSSZ`. */
const moment = (time) => der(0x17, Buffer.from(`${new Date(time).toISOString().slice(2, 19).replaceAll(/[-:T]/gu, "")}Z`));

function named(name) {
  const commonName = sequence(identifier("550403"), der(0x0c, Buffer.from(name)));
  return sequence(der(0x31, commonName));
}

const pem = (bytes) => `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").match(/.{1,64}/gu).join("\n")}\n-----END CERTIFICATE-----\n`;

/** A key and a certificate that it signed itself, valid for a day on either side of now. */
export function selfSigned(name) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const validity = sequence(moment(Date.now() - day), moment(Date.now() + day));
  const subjectKey = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(der(0x02, Buffer.from([1])), ECDSA_SHA256, named(name), validity, named(name), subjectKey);
  const signature = sign("sha256", body, { key: privateKey, dsaEncoding: "der" });
  const certificate = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }), cert: pem(certificate) };
}
