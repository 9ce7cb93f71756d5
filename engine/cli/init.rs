//! `thinking init`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, runner};
use clap::Args;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thinking_diagnostic::{Code, Diagnostic, did_you_mean};
use thinking_manifests::{DEPENDENCY, PLACEHOLDER, TEMPLATES, Template};

/// What `init` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Templates:
  script   scripts only (the default)
  python   with Python programs; standard library only
  rust     with a Rust crate of components and steps; it depends on the source that this program
           was built from, or on that in the folder that THINKING_SOURCE names

Examples:
  thinking init                    a script project in this folder
  thinking init python study       a project with Python programs in study/")]
pub(crate) struct InitArgs {
    /// Which template [default: script]
    pub template: Option<String>,
    /// The folder, made if it is not there [default: .]
    pub directory: Option<PathBuf>,
    /// The same as DIRECTORY
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "directory")]
    pub dir: Option<PathBuf>,
    /// List the templates
    #[arg(long)]
    pub list: bool,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Only failures
    #[arg(long, short)]
    pub quiet: bool,
    /// No difference: there is no state yet
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

pub(crate) fn run(args: &InitArgs) -> Result<Exit, Trouble> {
    if args.list {
        list(args.json);
        return Ok(Exit::Done);
    }
    let (template, directory) = asked(args).map_err(|diagnostic| refuse(diagnostic, args.json))?;
    let files = files(template, &directory);
    let (kept, new): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.real.symlink_metadata().is_ok());
    let in_the_way: Vec<&str> = kept.iter().filter(|file| file.path != ".gitignore").map(|file| file.path).collect();
    if !in_the_way.is_empty() {
        let diagnostic = Diagnostic::error(
            Code::CommandLine,
            format!(
                "{} there already: {}",
                if in_the_way.len() == 1 { "this is" } else { "these are" },
                in_the_way.join(", ")
            ),
        )
        .help("nothing was written; take another folder: thinking init --dir FOLDER".to_owned());
        return Err(refuse(diagnostic, args.json));
    }
    write(&directory, &new).map_err(|(path, error)| {
        let message = format!("cannot write `{}`: {error}", path.display());
        refuse(Diagnostic::error(Code::CommandLine, message).help("nothing was left behind".to_owned()), args.json)
    })?;
    let written: Vec<&str> = new.iter().map(|file| file.path).collect();
    if args.json {
        let report = json!({ "template": template.name, "directory": directory.to_string_lossy(), "written": written });
        output::data(&format!("{report}\n"));
    } else if !args.quiet {
        tell(&directory, &written, !kept.is_empty());
    }
    Ok(Exit::Done)
}

fn list(json: bool) {
    if json {
        let all: Vec<_> =
            TEMPLATES.iter().map(|template| json!({ "name": template.name, "about": template.about })).collect();
        output::data(&format!("{}\n", json!(all)));
        return;
    }
    for template in TEMPLATES {
        output::data(&format!("{:<8} {}\n", template.name, template.about));
    }
}

fn refuse(diagnostic: Diagnostic, json: bool) -> Trouble {
    output::complain(diagnostic, json);
    Trouble::Told(Exit::Wrong)
}

/// The template and the folder that a command line means.
fn asked(args: &InitArgs) -> Result<(&'static Template, PathBuf), Diagnostic> {
    let usual = &TEMPLATES[0];
    let directory = args.directory.clone().or_else(|| args.dir.clone());
    let here = || PathBuf::from(".");
    let Some(name) = &args.template else { return Ok((usual, directory.unwrap_or_else(here))) };
    if let Some(template) = TEMPLATES.iter().find(|template| template.name == name) {
        return Ok((template, directory.unwrap_or_else(here)));
    }
    // `thinking init .`, `thinking init ./study`: a folder, not a template.
    if directory.is_none() && (name.contains('/') || Path::new(name).is_dir()) {
        return Ok((usual, PathBuf::from(name)));
    }
    let names = || TEMPLATES.iter().map(|template| template.name);
    let help = match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "there are: {}\nfor a project in a folder of that name type: thinking init --dir {name}",
            names().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(Diagnostic::error(Code::CommandLine, format!("there is no template `{name}`")).help(help))
}

/// A file to write.
struct NewFile {
    path: &'static str,
    real: PathBuf,
    text: String,
}

fn files(template: &Template, directory: &Path) -> Vec<NewFile> {
    let name = project_name(directory);
    template
        .files
        .iter()
        .map(|(path, text)| {
            let text = match &name {
                Some(name) if *path == "pipeline.kdl" => {
                    text.replacen(&format!("project \"{PLACEHOLDER}\""), &format!("project \"{name}\""), 1)
                }
                _ if path.ends_with("Cargo.toml") => text.replacen(DEPENDENCY, &dependency(), 1),
                _ => (*text).to_owned(),
            };
            NewFile { path, real: directory.join(path), text }
        })
        .collect()
}

/// The line by which a crate depends on this program's library, with a remark above it if there is one.
fn dependency() -> String {
    let (line, remark) = runner::dependency();
    if remark.is_empty() { format!("{line}\n") } else { format!("# {remark}\n{line}\n") }
}

/// A folder's name as the name of a project, if it can be one.
fn project_name(directory: &Path) -> Option<String> {
    // The folder may not be there yet, and `.` and `..` have names all the same.
    let whole = directory.canonicalize().or_else(|_| std::path::absolute(directory)).ok()?;
    let name = whole.file_name()?.to_str()?.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    name.starts_with(|first: char| first.is_ascii_lowercase()).then_some(name)
}

/// Writes all files, or leaves nothing behind.
fn write(directory: &Path, files: &[&NewFile]) -> Result<(), (PathBuf, io::Error)> {
    let mut made = Made::default();
    let result = made.directory(directory).and_then(|()| {
        for file in files {
            if let Some(parent) = file.real.parent() {
                made.directory(parent)?;
            }
            made.file(&file.real, &file.text)?;
        }
        Ok(())
    });
    if result.is_err() {
        made.undo();
    }
    result
}

/// What was made so far, in order.
#[derive(Default)]
struct Made {
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    fn directory(&mut self, path: &Path) -> Result<(), (PathBuf, io::Error)> {
        let missing: Vec<&Path> =
            path.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).collect();
        for part in missing.into_iter().rev() {
            fs::create_dir(part).map_err(|error| (part.to_path_buf(), error))?;
            self.directories.push(part.to_path_buf());
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), (PathBuf, io::Error)> {
        let problem = |error| (path.to_path_buf(), error);
        // A file that came in between is not overwritten.
        let mut file = File::create_new(path).map_err(problem)?;
        self.files.push(path.to_path_buf());
        file.write_all(text.as_bytes()).map_err(problem)
    }

    /// Takes away what was made. That something cannot be removed would hide the real reason.
    fn undo(self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for directory in self.directories.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}

fn tell(directory: &Path, written: &[&str], kept_gitignore: bool) {
    let mut text = String::new();
    for path in written {
        text.push_str(&format!(
            "wrote {}\n",
            directory.join(path).strip_prefix(".").unwrap_or(&directory.join(path)).display()
        ));
    }
    if kept_gitignore {
        text.push_str("kept .gitignore: add the lines .thinking/ and out/ to it\n");
    }
    text.push_str("\nnext:\n");
    if directory != Path::new(".") {
        let shown = directory.display().to_string();
        // As a shell takes it.
        let plain = shown.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
        text.push_str(&if plain { format!("  cd {shown}\n") } else { format!("  cd {shown:?}\n") });
    }
    for (command, about) in [
        ("validate", "checks everything, runs nothing"),
        ("plan", "says what would run, and why"),
        ("apply", "runs it, or goes on where it was"),
        ("test", "runs the tests in tests/"),
    ] {
        text.push_str(&format!("  thinking {command:<12}{about}\n"));
    }
    output::talk(&text);
}
