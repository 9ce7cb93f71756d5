//! The manifest as Rust types, and the JSON Schema generated from them.
