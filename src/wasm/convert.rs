//! From Rust to plain JavaScript objects.

use serde::Serialize;
use wasm_bindgen::JsValue;

/// A plain object, by way of its JSON: what crosses so is small and seldom, and a serializer that makes objects would
/// be a twentieth of the whole core. Nothing that this crate serializes can fail; if it did, `undefined` is what the
/// TypeScript layer reports as a fault of its own.
#[inline(never)]
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    let json = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&json).unwrap_or(JsValue::UNDEFINED)
}
