//! `thinking fmt`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap, to_json};
use thinking_manifest::format::{format, manifests_below, read};

/// What `fmt` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Comments, strings, numbers and what a manifest means stay as they are. Blocks are indented by four
blanks; a block on one line stays there if it fits in 120 columns; of several empty lines one stays.

Examples:
  thinking fmt                     every *.kdl here and below
  thinking fmt pipeline.kdl        one file
  thinking fmt --check             for CI: changes nothing, exit code 1 if something would change
  thinking fmt - < a.kdl           from standard input to standard output")]
pub(crate) struct FmtArgs {
    /// Files, directories (every *.kdl in them and below), or - for standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; list what would change, with exit code 1 if there is any
    #[arg(long)]
    pub check: bool,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Only failures
    #[arg(long, short)]
    pub quiet: bool,
    /// No difference: no state is looked at
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// A text that is not laid out.
struct Change {
    path: PathBuf,
    /// The first line that differs, from 1.
    line: usize,
    new: String,
}

pub(crate) fn run(args: &FmtArgs) -> Result<Exit, Trouble> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(args);
    }
    let mut sources = SourceMap::new();
    let mut wrong = Diagnostics::new();
    let mut changed = Vec::new();
    let files = files(&args.paths, &mut wrong);
    for path in &files {
        let Some(text) = read(path, &mut wrong) else { continue };
        let Some(new) = laid_out(&path.display().to_string(), text.clone(), &mut sources, &mut wrong) else { continue };
        if new == text {
            continue;
        }
        let change = Change { path: path.clone(), line: first_difference(&text, &new), new };
        match if args.check { Ok(()) } else { replace(&change) } {
            Ok(()) => changed.push(change),
            Err(error) => wrong.push(
                Diagnostic::error(Code::CommandLine, format!("cannot write `{}`: {}", path.display(), why(&error)))
                    .help("it is left as it was".to_owned()),
            ),
        }
    }
    if files.is_empty() && wrong.is_empty() {
        let message = "there is no *.kdl here or below: nothing to lay out";
        wrong.push(Diagnostic::error(Code::CommandLine, message).help("say where: thinking fmt PATH".to_owned()));
    }
    tell(args, &files, &changed, &wrong, &sources);
    Ok(match (wrong.has_errors(), args.check && !changed.is_empty()) {
        (true, _) => Exit::Wrong,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    })
}

fn tell(args: &FmtArgs, files: &[PathBuf], changed: &[Change], wrong: &Diagnostics, sources: &SourceMap) {
    if args.json {
        let list: Vec<_> = wrong.iter().map(|diagnostic| to_json(diagnostic, sources)).collect();
        let changed: Vec<_> = changed
            .iter()
            .map(|change| json!({ "file": change.path.to_string_lossy(), "line": change.line }))
            .collect();
        let report = json!({ "files": files.len(), "changed": changed, "written": !args.check, "diagnostics": list });
        output::data(&format!("{report}\n"));
        return;
    }
    if !wrong.is_empty() {
        output::diagnostics(wrong, sources, false);
    }
    if args.check {
        // The list is what was asked for.
        for change in changed {
            output::data(&format!("{}:{}: would be laid out anew\n", change.path.display(), change.line));
        }
    }
    if args.quiet {
        return;
    }
    let count = |number: usize| if number == 1 { "1 file".to_owned() } else { format!("{number} files") };
    if args.check && !changed.is_empty() {
        output::talk(&format!("{} of {} would change; `thinking fmt` does it\n", changed.len(), count(files.len())));
    } else if !args.check {
        for change in changed {
            output::talk(&format!("laid out {}\n", change.path.display()));
        }
    }
    if changed.is_empty() && wrong.is_empty() {
        output::talk(&format!("{}: nothing to change\n", count(files.len())));
    }
}

/// Text from standard input, laid out on standard output.
fn standard_input(args: &FmtArgs) -> Result<Exit, Trouble> {
    let complain = |message: String| {
        output::complain(Diagnostic::error(Code::CommandLine, message), args.json);
        Err(Trouble::Told(Exit::Wrong))
    };
    if args.paths.len() > 1 {
        return complain("`-` stands alone: its text goes to standard output".to_owned());
    }
    let mut text = String::new();
    if let Err(error) = io::stdin().lock().read_to_string(&mut text) {
        return complain(format!("standard input cannot be read: {}", why(&error)));
    }
    let (mut sources, mut wrong) = (SourceMap::new(), Diagnostics::new());
    let Some(new) = laid_out("<stdin>", text.clone(), &mut sources, &mut wrong) else {
        output::diagnostics(&wrong, &sources, args.json);
        return Ok(Exit::Wrong);
    };
    if args.check {
        if new != text && !args.quiet {
            output::talk(&format!("<stdin>:{}: would be laid out anew\n", first_difference(&text, &new)));
        }
        return Ok(if new == text { Exit::Done } else { Exit::Failed });
    }
    output::data(&new);
    Ok(Exit::Done)
}

/// The files that were asked for, each once.
fn files(paths: &[PathBuf], wrong: &mut Diagnostics) -> Vec<PathBuf> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(manifests_below(path, wrong));
        } else {
            files.push(path.clone());
        }
    }
    // A link and what it leads to are one file.
    files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    files
}

fn laid_out(name: &str, text: String, sources: &mut SourceMap, wrong: &mut Diagnostics) -> Option<String> {
    let source = sources.add(name, text);
    match format(source, sources.get(source)?) {
        Ok(new) => Some(new),
        Err(found) => {
            wrong.extend(found);
            None
        }
    }
}

/// The first line that differs, from 1.
fn first_difference(old: &str, new: &str) -> usize {
    1 + old.split('\n').zip(new.split('\n')).take_while(|(old, new)| old == new).count()
}

/// Puts the new text in the file's place as a whole: readers see the old one or the new one. Links are followed, permissions stay.
fn replace(change: &Change) -> io::Result<()> {
    let real = change.path.canonicalize()?;
    let permissions = real.metadata()?.permissions();
    // A rename would get past this.
    if permissions.readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    let directory = real.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut file = tempfile::Builder::new().prefix(".thinking-fmt-").tempfile_in(directory)?;
    file.write_all(change.new.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(&real)?;
    Ok(())
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "the system does not allow it".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}
