//! `file.copy`

use crate::{arguments, local, replace::Replacement};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use thinking_step::{Access, ErrorKind, Host, NativeCall, NativeStep, StepError, Value};

/// Copies a file.
pub(crate) struct FileCopy;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The file to copy.
    from: String,
    /// Where to: the new file's own path. Its directory is made if needed; a file that is there is replaced.
    to: String,
}

impl NativeStep for FileCopy {
    fn name(&self) -> &'static str {
        "file.copy"
    }

    fn summary(&self) -> &'static str {
        "Copies a file as a whole or not at all; the result is its `path` and `bytes`."
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
        let Arguments { from, to } = arguments::decode(self.name(), call.arguments)?;
        let source = host.permit(Access::Read(Path::new(&from)))?;
        let target = host.permit(Access::Write(Path::new(&to)))?;
        host.touch(self.class(), self.name())?;
        if source == target {
            return Err(StepError::new(ErrorKind::Native, format!("`{from}` and `{to}` are the same file")));
        }
        host.saw_file(&source);
        let content = local::open(&source, &from)?;
        let replacement = Replacement::new(&target, &to, host)?;
        let bytes = copy(&content, &replacement, host)?;
        // A program stays one that can be started.
        let about = content.metadata().map_err(|error| local::problem("read", &from, &error))?;
        replacement.file.set_permissions(about.permissions()).map_err(|error| replacement.problem(&error))?;
        replacement.commit(host)?;
        Ok(json!({ "path": to, "bytes": bytes }))
    }
}

/// Copies in large pieces, which the system does by itself where it can, and looks for a stop between them.
fn copy(content: &File, replacement: &Replacement, host: &dyn Host) -> Result<u64, StepError> {
    let mut total = 0;
    loop {
        host.check_cancelled()?;
        let piece = io::copy(&mut content.take(64 * 1024 * 1024), &mut &replacement.file);
        match piece.map_err(|error| replacement.problem(&error))? {
            0 => return Ok(total),
            count => total += count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FileCopy;
    use crate::testing::Bench;
    use serde_json::json;
    use thinking_step::ErrorKind;

    #[test]
    fn copies_and_replaces() {
        let bench = Bench::new();
        bench.write("a.txt", b"new");
        bench.write("out/deep/b.txt", b"a longer old content");
        let result = bench.run(&FileCopy, json!({ "from": "a.txt", "to": "out/deep/b.txt" })).expect("it works");
        assert_eq!(result, json!({ "path": "out/deep/b.txt", "bytes": 3 }));
        assert_eq!(bench.read("out/deep/b.txt"), b"new");
        assert_eq!(bench.list("out/deep"), ["b.txt"], "nothing is left beside it");
        assert_eq!(bench.seen(), ["Effect file.copy", "file a.txt"]);
    }

    #[test]
    fn makes_directories_copies_empty_files_and_keeps_programs_startable() {
        use std::os::unix::fs::PermissionsExt as _;
        let bench = Bench::new();
        bench.write("tool", b"");
        let tool = bench.root().join("tool");
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        let result = bench.run(&FileCopy, json!({ "from": "tool", "to": "new/bin/tool" })).expect("it works");
        assert_eq!(result["bytes"], 0);
        let mode = bench.root().join("new/bin/tool").metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn refuses_and_leaves_nothing() {
        let bench = Bench::new();
        bench.write("a.txt", b"x");
        bench.write("dir/b.txt", b"y");
        let error =
            |from: &str, to: &str| bench.run(&FileCopy, json!({ "from": from, "to": to })).expect_err("it fails");
        assert_eq!(error("none.txt", "c.txt").message, "cannot read `none.txt`: no such file");
        assert_eq!(error("dir", "c.txt").message, "cannot read `dir`: it is a directory");
        assert_eq!(error("a.txt", "dir").message, "cannot write `dir`: it is a directory");
        assert_eq!(error("a.txt", "new/").message, "cannot write `new/`: it is a directory");
        assert_eq!(error("a.txt", "a.txt/b").message, "cannot write `a.txt/b`: a part of the path is not a directory");
        assert_eq!(error("a.txt", "dir/../a.txt").message, "`a.txt` and `dir/../a.txt` are the same file");
        let refused = error("/etc/hostname", "c.txt");
        assert_eq!(refused.kind, ErrorKind::Permission);
        assert_eq!(refused.message, "reading `/etc/hostname` is not permitted");
        let refused = error("a.txt", "../outside.txt");
        assert_eq!(refused.kind, ErrorKind::Permission);
        assert!(refused.help.is_some_and(|help| help.contains("permissions { write ")));
        assert_eq!(bench.list("."), ["a.txt", "dir"]);
        assert_eq!(bench.list("dir"), ["b.txt"]);
    }

    #[test]
    fn arguments_of_templates_are_checked_too() {
        let bench = Bench::new();
        let error = bench.run(&FileCopy, json!({ "from": 3, "to": "b" })).expect_err("it fails");
        assert!(error.message.starts_with("`file.copy` cannot take these arguments: "), "{}", error.message);
    }
}
