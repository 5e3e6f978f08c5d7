//! From Rust to plain JavaScript objects.

use serde::Serialize;
use wasm_bindgen::JsValue;

/// A plain object as `JSON.parse` would give it. Nothing that this crate serializes can fail; if it did,
/// `undefined` is what the TypeScript layer reports as a fault of its own.
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}
