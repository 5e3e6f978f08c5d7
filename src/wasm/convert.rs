//! From Rust to plain JavaScript objects.

use crate::json::{self, Json};
use wasm_bindgen::JsValue;

/// A plain object, by way of its JSON: what crosses so is small and seldom, and a serializer that makes objects would
/// be a twentieth of the whole core. JSON that could not be read would be `undefined`, which the TypeScript layer
/// reports as a fault of its own.
pub(super) fn to_js(value: &dyn Json) -> JsValue {
    js_sys::JSON::parse(&json::write(value)).unwrap_or(JsValue::UNDEFINED)
}
