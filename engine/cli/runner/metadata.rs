//! What cargo knows of a crate.

use super::Stop;
use super::cargo::{Cargo, Ran};
use super::named::Named;
use super::refusal;
use crate::cli::output;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

/// What is needed to build a program around a crate.
#[derive(Debug)]
pub(super) struct Known {
    /// The package's name.
    pub package: String,
    /// The package `thinking` that it depends on.
    pub engine: Engine,
    /// The root of its workspace: the crate itself, if it is in none.
    pub workspace: PathBuf,
    /// The folders of all packages that it is built from and that lie on this machine, its own included.
    pub local: Vec<PathBuf>,
}

/// Where a package `thinking` comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Engine {
    /// A folder.
    Path(PathBuf),
    /// A registry, as cargo writes it (`registry+https://…`), and the version.
    Registry(String, String),
    /// A git repository, and what of it: `("branch", "main")`. The commit stands in the lock file.
    Git(String, Option<(String, String)>),
}

/// Asks cargo, first without a network: what was built once can be built again anywhere.
pub(super) fn read(cargo: &Cargo, named: &Named) -> Result<Known, Stop> {
    let manifest = named.directory.join("Cargo.toml");
    let host = cargo.host();
    let run = |offline: bool| {
        let mut arguments: Vec<&OsStr> =
            vec!["metadata".as_ref(), "--format-version=1".as_ref(), "--manifest-path".as_ref(), manifest.as_os_str()];
        // What only other systems need does not have to be here.
        if let Some(host) = &host {
            arguments.extend::<[&OsStr; 2]>(["--filter-platform".as_ref(), host.as_ref()]);
        }
        if offline {
            arguments.push("--offline".as_ref());
        }
        let ran = cargo.run(&named.directory, &arguments, false);
        ran.map_err(|failure| failure.or(|error| refusal::no_cargo(named, error)))
    };
    let without = run(true)?;
    let ran = if without.status.success() { without } else { run(false)? };
    if !ran.status.success() {
        output::talk(&ran.err);
        let network =
            ["offline", "failed to download", "resolve host", "network"].iter().any(|word| ran.err.contains(word));
        return Err(Stop::from(refusal::not_resolved(named, network)));
    }
    known(&ran, named)
}

fn known(ran: &Ran, named: &Named) -> Result<Known, Stop> {
    let odd = |_| refusal::odd_cargo(named, "what `cargo metadata` says cannot be understood");
    let metadata: Metadata = serde_json::from_str(&ran.out).map_err(odd)?;
    let own = |package: &&Package| {
        package.source.is_none()
            && package
                .folder()
                .is_some_and(|folder| folder.canonicalize().is_ok_and(|folder| folder == named.directory))
    };
    let Some(own) = metadata.packages.iter().find(own) else { return Err(refusal::no_package(named).into()) };
    // A `cdylib` or a proc macro cannot be linked into a program.
    if !own.targets.iter().flat_map(|target| &target.kind).any(|kind| kind == "lib" || kind == "rlib") {
        return Err(refusal::no_library(named, &own.name).into());
    }
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let needed: Vec<&Package> =
        metadata.resolve.needed(&own.id).into_iter().filter_map(|id| packages.get(id).copied()).collect();
    let engine = needed.iter().find(|package| package.name == "thinking").and_then(|package| package.engine());
    let Some(engine) = engine else { return Err(refusal::no_thinking(named).into()) };
    let local = needed.iter().filter(|package| package.source.is_none()).filter_map(|package| package.folder());
    Ok(Known { package: own.name.clone(), engine, workspace: metadata.workspace_root.clone(), local: local.collect() })
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    id: String,
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Package {
    fn folder(&self) -> Option<PathBuf> {
        self.manifest_path.parent().map(PathBuf::from)
    }

    fn engine(&self) -> Option<Engine> {
        let Some(source) = &self.source else { return self.folder().map(Engine::Path) };
        let Some(git) = source.strip_prefix("git+") else {
            return Some(Engine::Registry(source.clone(), self.version.clone()));
        };
        // Everything but the commit must be written as the crate writes it, or cargo takes it for another package.
        let address = git.split_once('#').map_or(git, |(address, _)| address);
        Some(match address.split_once('?') {
            None => Engine::Git(address.to_owned(), None),
            Some((address, query)) => {
                let asked = query.split_once('=').map(|(key, value)| (key.to_owned(), decoded(value)));
                Engine::Git(address.to_owned(), asked)
            }
        })
    }
}

/// A value of a URL's query, without its `%2F`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex.filter(|_| *first == b'%') {
            Some(byte) => (bytes.push(byte), rest = &after[2..]),
            None => (bytes.push(*first), rest = after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Resolve {
    /// The ids of a package and of all that it is built from: what only its tests need is left out.
    fn needed<'r>(&'r self, id: &'r str) -> BTreeSet<&'r str> {
        let nodes: BTreeMap<&str, &Node> = self.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut needed = BTreeSet::new();
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if !needed.insert(id) {
                continue;
            }
            let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let built = dependencies.filter(|one| one.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev")));
            next.extend(built.map(|dependency| dependency.pkg.as_str()));
        }
        needed
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn engine(source: Option<&str>) -> Option<Engine> {
        let package = Package {
            name: "thinking".to_owned(),
            version: "0.1.2".to_owned(),
            id: String::new(),
            source: source.map(str::to_owned),
            manifest_path: "/src/thinking/Cargo.toml".into(),
            targets: Vec::new(),
        };
        package.engine()
    }

    #[test]
    fn the_very_package_that_the_crate_depends_on() {
        let git = |address: &str, asked: Option<(&str, &str)>| {
            Some(Engine::Git(address.to_owned(), asked.map(|(key, value)| (key.to_owned(), value.to_owned()))))
        };
        assert_eq!(engine(None), Some(Engine::Path("/src/thinking".into())));
        assert_eq!(engine(Some("git+https://a.b/c#0123")), git("https://a.b/c", None));
        assert_eq!(engine(Some("git+https://a.b/c?rev=01#0123")), git("https://a.b/c", Some(("rev", "01"))));
        assert_eq!(engine(Some("git+https://a.b/c?branch=x%2Fy#01")), git("https://a.b/c", Some(("branch", "x/y"))));
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(engine(Some(registry)), Some(Engine::Registry(registry.to_owned(), "0.1.2".to_owned())));
    }

    #[test]
    fn what_only_tests_need_is_not_needed() {
        let text = r#"{ "nodes": [
            { "id": "own", "deps": [
                { "pkg": "a", "dep_kinds": [{ "kind": null }] },
                { "pkg": "b", "dep_kinds": [{ "kind": "dev" }] } ] },
            { "id": "a", "deps": [{ "pkg": "c", "dep_kinds": [{ "kind": "build" }] }, { "pkg": "own", "dep_kinds": [{ "kind": null }] }] },
            { "id": "b", "deps": [] }, { "id": "c", "deps": [] }, { "id": "d", "deps": [] }
        ] }"#;
        let resolve: Resolve = serde_json::from_str(text).expect("it is what cargo writes");
        assert_eq!(resolve.needed("own").into_iter().collect::<Vec<_>>(), ["a", "c", "own"]);
    }
}
