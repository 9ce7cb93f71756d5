//! What is said when there is no program to go on in: all messages in one place.

use super::named::Named;
use super::source;
use std::io;
use std::path::Path;
use thinking_diagnostic::{Code, Diagnostic, Span};

fn refusal(at: Option<Span>, label: &str, message: String) -> Diagnostic {
    Diagnostic::error(Code::CrateDoesNotBuild, message).at(at, label)
}

/// The manifest names something that is no crate.
pub(super) fn no_crate(written: &str, span: Option<Span>, why: String, help: &str) -> Diagnostic {
    refusal(span, "no crate", format!("`{written}` is no crate: {why}")).help(help.to_owned())
}

/// Cargo cannot be started.
pub(super) fn no_cargo(named: &Named, error: &io::Error) -> Diagnostic {
    let message = format!("the crate `{}` cannot be built: cargo cannot be started ({})", named.written, plain(error));
    refusal(named.span, "this crate", message)
        .help("install Rust (https://rustup.rs), or see to it that `cargo` is on PATH".to_owned())
}

/// Cargo does not know what the crate needs. What it said was printed.
pub(super) fn not_resolved(named: &Named, offline: bool) -> Diagnostic {
    let help = match offline {
        true => {
            "dependencies are missing and cannot be fetched: type `cargo fetch` in the crate's folder while there is a network"
        }
        false => "what cargo says stands above; `cargo check` in the crate's folder says it again",
    };
    let message = format!("cargo cannot make out what the crate `{}` needs", named.written);
    refusal(named.span, "this crate", message).help(help.to_owned())
}

/// The crate does not compile. What cargo said was printed.
pub(super) fn does_not_build(named: &Named) -> Diagnostic {
    refusal(named.span, "this crate", format!("the crate `{}` does not build", named.written))
        .help("mend what cargo says above; nothing was started".to_owned())
}

/// Cargo gave no program although it said that all is well, or what it says cannot be understood.
pub(super) fn odd_cargo(named: &Named, what: &str) -> Diagnostic {
    let message = format!("the crate `{}` cannot be built: {what}", named.written);
    refusal(named.span, "this crate", message).help("is this a usual cargo, of version 1.95 or newer?".to_owned())
}

/// A folder with a workspace and no package.
pub(super) fn no_package(named: &Named) -> Diagnostic {
    let message = format!("`{}` holds a workspace, and no crate of its own", named.written);
    refusal(named.span, "no crate", message).help("name the folder of one of its crates".to_owned())
}

/// A crate without a library.
pub(super) fn no_library(named: &Named, package: &str) -> Diagnostic {
    let message = format!("the crate `{}` is no library, so its components cannot be linked", named.written);
    refusal(named.span, "not a library", message).help(format!(
        "move the components of `{package}` to its src/lib.rs; a program of your own needs no `components` line: \
         `fn main() -> ExitCode {{ thinking::main() }}` is the whole of it"
    ))
}

/// A crate that cannot have components, because it does not know what they are.
pub(super) fn no_thinking(named: &Named) -> Diagnostic {
    let message = format!("the crate `{}` does not depend on `thinking`, so it has no components", named.written);
    let (line, remark) = source::dependency();
    refusal(named.span, "this crate", message)
        .help(format!("add this to [dependencies] in its Cargo.toml:\n{line}"))
        .help((!remark.is_empty()).then(|| remark.to_owned()))
}

/// Two crates that were written for two different engines.
pub(super) fn two_engines(first: &Named, second: &Named) -> Diagnostic {
    let message = format!(
        "the crates `{}` and `{}` depend on two different packages `thinking`, and one program holds only one",
        first.written, second.written
    );
    refusal(second.span, "this one", message)
        .at(first.span, "and this one")
        .help("let both name the same `thinking` in their Cargo.toml".to_owned())
}

/// The program cannot be written anywhere.
pub(super) fn no_place(named: &Named, error: &io::Error) -> Diagnostic {
    let message =
        format!("the crate `{}` cannot be built: .thinking/build cannot be written ({})", named.written, plain(error));
    refusal(named.span, "this crate", message)
        .help("make room or allow it, or give a directory that can be written: --state DIR".to_owned())
}

/// The program was built and cannot be started.
pub(super) fn cannot_start(crates: &[Named], program: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("{} was built and cannot be started ({})", program.display(), plain(error));
    refusal(crates.first().and_then(|named| named.span), "for this crate", message)
        .help("programs must be allowed there; CARGO_TARGET_DIR names another directory for them".to_owned())
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such program".to_owned(),
        io::ErrorKind::PermissionDenied => "the system does not allow it".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}
