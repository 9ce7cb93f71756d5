//! `file.fetch`

use crate::digest::{Algorithm, Hasher};
use crate::{arguments, local, replace::Replacement};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use thinking_step::{Access, ErrorKind, Host, LogLevel, NativeCall, NativeStep, StepError, Value};

/// Brings a file of known content here.
pub(crate) struct FileFetch;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Where the file is: a path, or a `file://` address.
    from: String,
    /// Where to put it: the new file's own path. Its directory is made if needed.
    to: String,
    /// The SHA-256 digest that its content must have, in hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{64}$"))]
    sha256: String,
}

impl NativeStep for FileFetch {
    fn name(&self) -> &'static str {
        "file.fetch"
    }

    fn summary(&self) -> &'static str {
        "Brings a file of known content here, unless it is here already; the result is its `path`, `bytes` and `sha256`."
    }

    fn schema(&self) -> Value {
        arguments::schema::<Arguments>()
    }

    fn reads(&self) -> &'static [&'static str] {
        &["from"]
    }

    fn writes(&self) -> &'static [&'static str] {
        &["to"]
    }

    fn run(&self, call: NativeCall<'_>) -> Result<Value, StepError> {
        let host = &**call.host;
        let Arguments { from, to, sha256 } = arguments::decode(self.name(), call.arguments)?;
        let sha256 = digest(&sha256)?;
        let source = host.permit(Access::Read(&local_path(&from)?))?;
        let target = host.permit(Access::Write(Path::new(&to)))?;
        host.touch(self.class(), self.name())?;
        if let Some(bytes) = present(&target, &to, &sha256, host)? {
            host.wrote_file(&target);
            host.log(LogLevel::Debug, &format!("`{to}` has that content already"));
            return Ok(result(&to, bytes, &sha256));
        }
        host.saw_file(&source);
        let content = local::open(&source, &from)?;
        let replacement = Replacement::new(&target, &to, host)?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let bytes = local::pieces(&content, &from, host, |piece| {
            hasher.update(piece);
            (&replacement.file).write_all(piece).map_err(|error| replacement.problem(&error))
        })?;
        let found = hasher.finish();
        if found != sha256 {
            let error = StepError::new(ErrorKind::Native, format!("`{from}` has another content than `sha256` says"));
            return Err(error
                .details([format!("wanted {sha256}"), format!("found  {found}")])
                .help("if the new content is the right one, write its digest into the manifest"));
        }
        replacement.commit(host)?;
        Ok(result(&to, bytes, &sha256))
    }
}

/// The same whether the file was brought or was there: the outcome is that of a first run.
fn result(to: &str, bytes: u64, sha256: &str) -> Value {
    json!({ "path": to, "bytes": bytes, "sha256": sha256 })
}

/// The size of the file that is there, if it has the wanted content.
fn present(target: &Path, to: &str, sha256: &str, host: &dyn Host) -> Result<Option<u64>, StepError> {
    let Ok(file) = local::open(target, to) else { return Ok(None) };
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let bytes = local::pieces(&file, to, host, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok((hasher.finish() == sha256).then_some(bytes))
}

/// A template may have given anything.
fn digest(text: &str) -> Result<String, StepError> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(StepError::new(
        ErrorKind::Native,
        format!("`{text}` is not a SHA-256 digest: those have 64 hexadecimal digits"),
    ))
}

/// The path that an address means.
fn local_path(from: &str) -> Result<PathBuf, StepError> {
    let Some((scheme, rest)) = from.split_once("://") else { return Ok(PathBuf::from(from)) };
    if !scheme.eq_ignore_ascii_case("file") {
        let error = format!("cannot fetch `{from}`: this version fetches from files only");
        return Err(StepError::new(ErrorKind::Native, error)
            .help("download it first, for instance in a step with `exec \"curl\" …` and an `output`"));
    }
    // An address names a machine before the path: none, or this one.
    let path = match rest.find('/').map(|at| rest.split_at(at)) {
        Some((machine, path)) if machine.is_empty() || machine.eq_ignore_ascii_case("localhost") => path,
        _ => {
            let error = format!("cannot fetch `{from}`: it does not name a file of this machine");
            return Err(StepError::new(ErrorKind::Native, error)
                .help("such an address has three slashes before an absolute path: file:///data/words.txt"));
        }
    };
    Ok(PathBuf::from(OsString::from_vec(decoded(path))))
}

/// `%20` and the like as the bytes that they stand for.
fn decoded(path: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::FileFetch;
    use crate::testing::Bench;
    use serde_json::json;
    use thinking_step::ErrorKind;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn brings_a_file_and_then_leaves_it() {
        let bench = Bench::new();
        bench.write("in/abc", b"abc");
        let arguments = json!({ "from": "in/abc", "to": "out/abc", "sha256": ABC.to_uppercase() });
        let result = bench.run(&FileFetch, arguments.clone()).expect("it works");
        assert_eq!(result, json!({ "path": "out/abc", "bytes": 3, "sha256": ABC }));
        assert_eq!(bench.read("out/abc"), b"abc");
        assert_eq!(bench.seen(), ["Effect file.fetch", "file in/abc"]);

        std::fs::remove_file(bench.root().join("in/abc")).expect("it is there");
        assert_eq!(bench.run(&FileFetch, arguments).expect("it is here already"), result);
        assert_eq!(bench.seen().len(), 4, "the source was not looked at again");
    }

    #[test]
    fn replaces_what_has_another_content() {
        let bench = Bench::new();
        bench.write("abc", b"abc");
        bench.write("to", b"abd");
        bench.run(&FileFetch, json!({ "from": "abc", "to": "to", "sha256": ABC })).expect("it works");
        assert_eq!(bench.read("to"), b"abc");
    }

    #[test]
    fn takes_addresses_of_files() {
        let bench = Bench::new();
        bench.write("with blank", b"abc");
        for machine in ["", "localhost"] {
            let from = format!("file://{machine}{}/with%20blank", bench.root().display());
            let to = format!("to-{machine}");
            bench.run(&FileFetch, json!({ "from": from, "to": to, "sha256": ABC })).expect("it works");
            assert_eq!(bench.read(&to), b"abc");
        }
    }

    #[test]
    fn a_wrong_content_leaves_the_old_file() {
        let bench = Bench::new();
        bench.write("in", b"other");
        bench.write("out", b"old");
        let error = bench
            .run(&FileFetch, json!({ "from": "in", "to": "out", "sha256": ABC }))
            .expect_err("it is another content");
        assert_eq!(error.message, "`in` has another content than `sha256` says");
        assert_eq!(error.details.first(), Some(&format!("wanted {ABC}")));
        assert_eq!(bench.read("out"), b"old");
        assert_eq!(bench.list("."), ["in", "out"]);
    }

    #[test]
    fn refusals() {
        let bench = Bench::new();
        let error = |from: &str, to: &str, sha256: &str| {
            bench.run(&FileFetch, json!({ "from": from, "to": to, "sha256": sha256 })).expect_err("it fails")
        };
        assert_eq!(
            error("https://example.com/x", "x", ABC).message,
            "cannot fetch `https://example.com/x`: this version fetches from files only"
        );
        assert_eq!(
            error("file://data/x", "x", ABC).message,
            "cannot fetch `file://data/x`: it does not name a file of this machine"
        );
        assert_eq!(error("none", "x", ABC).message, "cannot read `none`: no such file");
        assert_eq!(error("none", "x", "12").message, "`12` is not a SHA-256 digest: those have 64 hexadecimal digits");
        assert_eq!(error("file:///etc/passwd", "x", ABC).kind, ErrorKind::Permission);
        assert_eq!(error("x", "/tmp/../thinking-x", ABC).kind, ErrorKind::Permission);
        assert!(bench.list(".").is_empty());
    }
}
