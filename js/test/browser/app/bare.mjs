// The package at hand, for scripts that a test brings.
import * as api from "activecampaign-export";

globalThis.api = api;
globalThis.commitOf = (text, more = {}) => ({ checkpoint: new TextEncoder().encode(text), log: new Uint8Array(), logBytes: 0, rejections: [], ...more });
