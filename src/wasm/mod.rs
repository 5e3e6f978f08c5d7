//! The only wasm_bindgen.
