//! `file.hash`

use crate::digest::{Algorithm, Hasher};
use crate::{arguments, local};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;
use thinking_step::{Access, Class, NativeCall, NativeStep, StepError, Value};

/// The digest of a file's content.
pub(crate) struct FileHash;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The file to read.
    path: String,
    /// How the digest is made.
    #[serde(default)]
    algorithm: Algorithm,
}

impl NativeStep for FileHash {
    fn name(&self) -> &'static str {
        "file.hash"
    }

    fn summary(&self) -> &'static str {
        "The digest of a file's content; the result is text in hexadecimal."
    }

    fn schema(&self) -> Value {
        arguments::schema::<Arguments>()
    }

    fn class(&self) -> Class {
        Class::Observe
    }

    fn reads(&self) -> &'static [&'static str] {
        &["path"]
    }

    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        let host = &**call.host;
        let Arguments { path, algorithm } = arguments::decode(self.name(), call.arguments)?;
        let real = host.permit(Access::Read(Path::new(&path)))?;
        host.touch(self.class(), self.name())?;
        host.saw_file(&real);
        let file = local::open(&real, &path)?;
        let mut hasher = Hasher::new(algorithm);
        local::pieces(&file, &path, host, |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        Ok(hasher.finish().into())
    }
}

#[cfg(test)]
mod tests {
    use super::FileHash;
    use crate::testing::Bench;
    use serde_json::json;
    use thinking_step::ErrorKind;

    #[test]
    fn known_digests() {
        let bench = Bench::new();
        bench.write("abc", b"abc");
        let hash = |arguments| bench.run(&FileHash, arguments).expect("it works");
        assert_eq!(hash(json!({ "path": "abc" })), "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
        assert_eq!(
            hash(json!({ "path": "./abc", "algorithm": "sha256" })),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(bench.seen(), ["Observe file.hash", "file abc", "Observe file.hash", "file abc"]);
    }

    #[test]
    fn content_of_many_pieces() {
        let bench = Bench::new();
        let content: Vec<u8> = (0..1_000_003_u32).map(|at| at as u8).collect();
        bench.write("big", &content);
        let result = bench.run(&FileHash, json!({ "path": "big" })).expect("it works");
        assert_eq!(result, blake3::hash(&content).to_hex().to_string());
    }

    #[test]
    fn refusals() {
        let bench = Bench::new();
        let error = |arguments| bench.run(&FileHash, arguments).expect_err("it fails");
        assert_eq!(error(json!({ "path": "none" })).message, "cannot read `none`: no such file");
        assert_eq!(error(json!({ "path": "." })).message, "cannot read `.`: it is a directory");
        assert_eq!(error(json!({ "path": "/etc/passwd" })).kind, ErrorKind::Permission);
        let message = error(json!({ "path": "none", "algorithm": "md5" })).message;
        assert!(message.contains("`blake3`") && message.contains("`sha256`"), "{message}");
        assert_eq!(
            bench.seen(),
            ["Observe file.hash", "file none", "Observe file.hash", "file "],
            "also a look in vain"
        );
    }
}
