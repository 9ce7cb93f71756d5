//! `hash`: of a string's UTF-8 bytes or of a blob, as hexadecimal digits.

use crate::failure::{Answer, fail};
use crate::namespace::Namespace;
use crate::number::kind;
use rhai::Dynamic;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use thinking_step::Class;

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("hash");
    ns.function(
        "blake3",
        Class::Pure,
        "blake3(text or blob) -> string",
        "The BLAKE3 hash (256 bits) of a string's UTF-8 bytes or of a blob, as 64 hexadecimal digits.",
        |value: Dynamic| with_bytes(&value, |bytes| blake3::hash(bytes).to_hex().to_string()),
    );
    ns.function(
        "sha256",
        Class::Pure,
        "sha256(text or blob) -> string",
        "The SHA-256 hash (FIPS 180-4) of a string's UTF-8 bytes or of a blob, as 64 hexadecimal digits.",
        |value: Dynamic| {
            with_bytes(&value, |bytes| {
                Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
                    // Writing into a string cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            })
        },
    );
    ns
}

fn with_bytes(value: &Dynamic, hash: impl FnOnce(&[u8]) -> String) -> Answer<String> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(hash(text.as_bytes()));
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return Ok(hash(&bytes));
    }
    Err(fail(format!("a hash is made of a string or a blob, not of {}: use `json::to_string(value)`", kind(value))))
}
