//! The program around a project's crates: a few lines, and a `Cargo.toml` that takes everything else from the crates.

use super::Stop;
use super::metadata::{Engine, Known};
use super::named::{Asked, Named};
use super::refusal;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A written program.
#[derive(Debug)]
pub(super) struct RunnerProject {
    /// Its `Cargo.toml`.
    pub manifest: PathBuf,
    /// Its package's name, and the program's.
    pub name: String,
    /// Files whose change makes a new build necessary, beside those that the compiler reads: some of them are not there.
    pub settings: Vec<PathBuf>,
}

impl RunnerProject {
    /// Writes it. What is there already and right is not touched, so that another process may be building it.
    pub fn write(directory: &Path, asked: &Asked, known: &[Known]) -> Result<Self, Stop> {
        let Some((first, engine)) = asked.crates.first().zip(known.first().map(|known| &known.engine)) else {
            return Err(Stop::Interrupted);
        };
        for (named, known) in asked.crates.iter().zip(known) {
            if known.engine != *engine {
                return Err(refusal::two_engines(first, named).into());
            }
        }
        let name = asked.name();
        let workspace = known.first().map(|known| known.workspace.clone()).unwrap_or_default();
        let written = write_all(directory, &name, &asked.crates, known, &workspace);
        written.map_err(|error| refusal::no_place(first, &error))?;
        Ok(Self { manifest: directory.join("Cargo.toml"), name, settings: settings(asked, known) })
    }
}

fn write_all(directory: &Path, name: &str, crates: &[Named], known: &[Known], workspace: &Path) -> io::Result<()> {
    fs::create_dir_all(directory.join("src"))?;
    let root = fs::read_to_string(workspace.join("Cargo.toml")).ok().and_then(|text| toml::from_str(&text).ok());
    let manifest = manifest(name, crates, known, workspace, &root.unwrap_or_default());
    let note = "# Written by thinking: its program with this project's crates in it. What is changed here is lost.\n";
    keep(&directory.join("Cargo.toml"), &format!("{note}{manifest}"))?;
    keep(&directory.join("src/main.rs"), &program(crates.len()))?;
    // The same versions as the crate has by itself; cargo adds the program.
    match fs::read_to_string(workspace.join("Cargo.lock")) {
        Ok(lock) => keep(&directory.join("Cargo.lock"), &lock),
        Err(_) => Ok(()),
    }
}

fn manifest(name: &str, crates: &[Named], known: &[Known], workspace: &Path, root: &Table) -> Table {
    let text = |text: &str| Value::from(text);
    let mut dependencies = Table::new();
    if let Some(known) = known.first() {
        dependencies.insert("thinking".to_owned(), Value::Table(engine(&known.engine)));
    }
    for (number, (named, known)) in crates.iter().zip(known).enumerate() {
        let mut dependency = Table::new();
        dependency.insert("package".to_owned(), text(&known.package));
        dependency.insert("path".to_owned(), text(&named.directory.to_string_lossy()));
        dependencies.insert(format!("components-{number}"), Value::Table(dependency));
    }
    let package =
        [("name", text(name)), ("version", text("0.0.0")), ("edition", text("2024")), ("publish", false.into())];
    let mut manifest = Table::new();
    manifest.insert(
        "package".to_owned(),
        Value::Table(package.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()),
    );
    // It lies below the user's folder, which may be a workspace.
    manifest.insert("workspace".to_owned(), Value::Table(Table::new()));
    manifest.insert("dependencies".to_owned(), Value::Table(dependencies));
    // Only a workspace's root can say these, and the program is one now.
    if let Some(profiles) = root.get("profile") {
        manifest.insert("profile".to_owned(), profiles.clone());
    }
    if let Some(mut patches) = root.get("patch").cloned() {
        absolute_paths(&mut patches, workspace);
        manifest.insert("patch".to_owned(), patches);
    }
    manifest
}

/// The package `thinking` as a dependency: word for word what the crate depends on, or there would be two of it.
fn engine(engine: &Engine) -> Table {
    let mut table = Table::new();
    let mut set = |key: &str, value: &str| table.insert(key.to_owned(), Value::from(value));
    match engine {
        Engine::Path(path) => drop(set("path", &path.to_string_lossy())),
        Engine::Git(address, asked) => {
            set("git", address);
            if let Some((key, value)) = asked {
                set(key, value);
            }
        }
        Engine::Registry(source, version) => {
            set("version", &format!("={version}"));
            if !source.ends_with("github.com/rust-lang/crates.io-index") {
                set("registry-index", source.strip_prefix("registry+").unwrap_or(source));
            }
        }
    }
    table
}

fn absolute_paths(value: &mut Value, base: &Path) {
    let Some(table) = value.as_table_mut() else { return };
    for (key, value) in table.iter_mut() {
        match value {
            Value::String(path) if key == "path" => *path = base.join(&*path).to_string_lossy().into_owned(),
            other => absolute_paths(other, base),
        }
    }
}

fn program(crates: usize) -> String {
    let uses: String = (0..crates).map(|number| format!("use components_{number} as _;\n")).collect();
    format!(
        "//! Written by thinking: its program with this project's crates in it. What is changed here is lost.\n\n\
         // Components register themselves; to be linked is all that they need.\n{uses}\n\
         fn main() -> std::process::ExitCode {{\n    thinking::main()\n}}\n"
    )
}

/// Writes a file as a whole, unless it says just that already.
fn keep(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// What cargo looks at beside the sources: settings of each package and of the folders around the crates.
fn settings(asked: &Asked, known: &[Known]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in known.iter().flat_map(|known| &known.local) {
        files.extend(["Cargo.toml", "build.rs"].map(|name| folder.join(name)));
    }
    for folder in asked.crates.iter().flat_map(|named| named.directory.ancestors()) {
        let names = [
            "Cargo.toml",
            "Cargo.lock",
            ".cargo/config.toml",
            ".cargo/config",
            "rust-toolchain.toml",
            "rust-toolchain",
        ];
        files.extend(names.map(|name| folder.join(name)));
    }
    files.sort();
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_takes_everything_from_the_crate() {
        let root = "[profile.dev]\nopt-level = 1\n[patch.crates-io]\nleft = { path = \"../left\" }\n\
            right = { git = \"https://a.b/c\" }\n[dependencies]\nserde = \"1\"\n";
        let crates = [Named { written: "native".to_owned(), directory: "/p/native".into(), span: None }];
        let known = [Known {
            package: "my-components".to_owned(),
            engine: Engine::Git("https://a.b/thinking".to_owned(), Some(("branch".to_owned(), "main".to_owned()))),
            workspace: "/p".into(),
            local: Vec::new(),
        }];
        let manifest =
            manifest("runner-1", &crates, &known, Path::new("/p"), &toml::from_str(root).unwrap_or_default());
        insta::assert_snapshot!(manifest, @r#"
        [dependencies.components-0]
        package = "my-components"
        path = "/p/native"

        [dependencies.thinking]
        branch = "main"
        git = "https://a.b/thinking"

        [package]
        edition = "2024"
        name = "runner-1"
        publish = false
        version = "0.0.0"

        [patch.crates-io.left]
        path = "/p/../left"

        [patch.crates-io.right]
        git = "https://a.b/c"

        [profile.dev]
        opt-level = 1

        [workspace]
        "#);
    }

    #[test]
    fn engines() {
        let registry = |source: &str| engine(&Engine::Registry(source.to_owned(), "0.1.2".to_owned())).to_string();
        assert_eq!(registry("registry+https://github.com/rust-lang/crates.io-index"), "version = \"=0.1.2\"\n");
        let own = "registry-index = \"sparse+https://own/index/\"\nversion = \"=0.1.2\"\n";
        assert_eq!(registry("sparse+https://own/index/"), own);
        assert_eq!(engine(&Engine::Path("/src/thinking".into())).to_string(), "path = \"/src/thinking\"\n");
    }
}
