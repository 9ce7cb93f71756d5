//! What the pipeline itself wrote into files. For a step that looked there before it was written, it is no change: a first run would look before too.

use crate::inputs;
use crate::reads::{Facts, Read, hex, names_digest};
use crate::recorded::steps_after;
use crate::world::World;
use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use thinking_store::{Piece, Seq, StepEntry, StoreError, View};

/// More files than this are not noted of attempts that came to nothing.
const MOST: usize = 10_000;

/// Where a step stands on the line: the number of its piece, and its commit.
pub(crate) type Order = (usize, u64);

/// Contents by their path as recorded; `None` where a file was removed.
#[derive(Default)]
pub(crate) struct Written {
    /// In the order of the line.
    files: HashMap<String, Vec<(Order, Option<String>)>>,
    /// By attempts that failed or were killed, and by steps that were given up when the line last went back, and perhaps not made again since.
    given_up: HashMap<String, Option<String>>,
}

impl Written {
    /// What the steps of the pipeline wrote that are recorded on the line, or were until it last changed.
    pub(crate) fn recorded(world: &World) -> Result<Self, StoreError> {
        let mut written = Self::default();
        let view = world.store.view(&world.line)?;
        steps_after(&*world.store, &view, None, |seq, entry| {
            if let (Some(order), Some(facts)) = (order(&view.pieces, seq), facts(world, &entry)) {
                facts.left().for_each(|(path, digest)| written.add(order, path, digest));
            }
        })?;
        let previous = world.store.line(&world.line)?.previous;
        let before = View { pieces: previous.into(), at: view.at };
        steps_after(&*world.store, &before, None, |seq, entry| {
            if order(&view.pieces, seq).is_none()
                && let Some(facts) = facts(world, &entry)
            {
                written
                    .given_up
                    .extend(facts.left().map(|(path, digest)| (path.to_owned(), digest.map(str::to_owned))));
            }
        })?;
        for (path, digest) in tries(world)? {
            written.given_up.entry(path).or_insert(digest);
        }
        Ok(written)
    }

    /// Adds a content that a step left, in the order of the steps.
    pub(crate) fn add(&mut self, order: Order, path: &str, digest: Option<&str>) {
        self.files.entry(path.to_owned()).or_default().push((order, digest.map(str::to_owned)));
    }

    /// Whether there is anything.
    pub(crate) fn any(&self) -> bool {
        !self.files.is_empty()
    }

    /// What was written at or after that place.
    pub(crate) fn since(&self, order: Order) -> Since<'_> {
        Since { written: self, order }
    }
}

/// The note of what attempts wrote that failed or were killed.
fn note(world: &World) -> String {
    format!("tried/{}/{}", world.line, world.plan.pipeline)
}

fn tries(world: &World) -> Result<HashMap<String, Option<String>>, StoreError> {
    let bytes = world.store.note(&note(world))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// The next commit notes what an attempt wrote that came to nothing.
pub(crate) fn tried(world: &World, files: Vec<(String, Option<String>)>) -> Result<(), StoreError> {
    let mut tries = tries(world)?;
    tries.extend(files);
    if tries.len() <= MOST {
        world.head().ride(note(world), Some(serde_json::to_vec(&tries).unwrap_or_default()));
    }
    Ok(())
}

/// Lists a file that an attempt begins to write, for the case that the process is killed before it ends.
pub(crate) fn begin(world: &World, path: &Path) {
    let list = list(world);
    let opened = list.parent().map_or(Ok(()), fs::create_dir_all);
    let opened = opened.and_then(|()| fs::OpenOptions::new().append(true).create(true).open(list));
    // Without the list a reader may run once more than it had to.
    let _ = opened.and_then(|mut list| writeln!(list, "{}", world.recorded_path(path)));
}

/// The attempt is over.
pub(crate) fn end(world: &World) {
    let _ = fs::remove_file(list(world));
}

/// A killed attempt wrote what is listed.
pub(crate) fn recover(world: &World) -> Result<(), StoreError> {
    let Ok(listed) = fs::read_to_string(list(world)) else { return Ok(()) };
    let files = listed.lines().map(|path| (path.to_owned(), world.files.digest(&world.real_path(path)).map(hex)));
    tried(world, files.collect())?;
    end(world);
    Ok(())
}

fn list(world: &World) -> PathBuf {
    let name = hex(thinking_step::digest(note(world).as_bytes()));
    world.state_directory.join("aside").join(format!("writing-{name}"))
}

/// Where a recorded step stands now.
pub(crate) fn place(world: &World, entry: &StepEntry) -> Result<Option<Order>, StoreError> {
    let view = world.store.view(&world.line)?;
    Ok(world.store.done(&view, &entry.task)?.and_then(|(seq, _)| order(&view.pieces, seq)))
}

fn order(pieces: &[Piece], seq: Seq) -> Option<Order> {
    pieces.iter().position(|piece| piece.lo <= seq && seq <= piece.hi).map(|piece| (piece, seq.0))
}

/// What a step of the pipeline left in files, if anything.
fn facts(world: &World, entry: &StepEntry) -> Option<Facts> {
    if entry.outputs.is_empty() || entry.pipeline != world.pipeline {
        return None;
    }
    Facts::from_bytes(&entry.outputs)
}

/// What the pipeline wrote at or after one step.
#[derive(Clone, Copy)]
pub(crate) struct Since<'a> {
    written: &'a Written,
    order: Order,
}

impl<'a> Since<'a> {
    /// Paths as recorded.
    fn paths(self) -> impl Iterator<Item = &'a str> {
        let later = move |writes: &[(Order, Option<String>)]| writes.last().is_some_and(|(at, _)| *at >= self.order);
        let files = self.written.files.iter().filter(move |(_, writes)| later(writes)).map(|(path, _)| path.as_str());
        files.chain(self.written.given_up.keys().map(String::as_str))
    }

    /// Whether what is at that path, or in the directory around it, is now what the pipeline last left there.
    pub(crate) fn left(self, world: &World, path: &str) -> bool {
        Path::new(path).ancestors().filter_map(Path::to_str).any(|path| {
            let last = self.written.files.get(path).and_then(|writes| writes.last());
            let last = last.filter(|(at, _)| *at >= self.order).map(|(_, digest)| digest);
            let mut known = last.into_iter().chain(self.written.given_up.get(path)).peekable();
            known.peek().is_some() && {
                let now = world.files.digest(&world.real_path(path)).map(hex);
                known.any(|digest| *digest == now)
            }
        })
    }

    /// What was seen and is otherwise now, as it would be seen now, if only the pipeline itself made the difference.
    pub(crate) fn explains(self, world: &World, read: &Read) -> Option<Read> {
        match read {
            Read::Start(read) => self.explains(world, read).map(|read| Read::Start(Box::new(read))),
            Read::File(path, was) => {
                let real = world.real_path(path);
                let explained = self.left(world, path)
                    || real.is_dir() && {
                        // A directory: by what the pipeline did not put there.
                        let without: Vec<PathBuf> = self.paths().map(|path| world.real_path(path)).collect();
                        let now = || world.files.directory(&real, &without).map(hex);
                        let then = was.clone().unwrap_or_else(|| hex(thinking_step::digest(b"")));
                        !without.is_empty() && now() == Some(then)
                    };
                explained.then(|| Read::File(path.clone(), world.files.digest(&real).map(hex)))
            }
            Read::List(path, own, was, known) => {
                let directory = if path == "." { Path::new("") } else { Path::new(path.as_str()) };
                let mut without = own.clone();
                without.extend(self.paths().filter_map(|path| inputs::name_in(directory, Path::new(path))));
                without.sort_unstable();
                without.dedup();
                if without.len() == own.len() {
                    return None;
                }
                let listed = world.files.names(&world.real_path(path));
                let now = names_digest(listed.as_deref().unwrap_or_default(), &without);
                // More names than are recorded one by one are known by their digest only.
                let then = match was {
                    None => names_digest(&[], &without),
                    Some(was) if names_digest(known, own) == *was => names_digest(known, &without),
                    Some(was) => was.clone(),
                };
                (now == then).then(|| Read::List(path.clone(), without, listed.map(|_| now), Vec::new()))
            }
            Read::Glob(pattern, was, own, known) => {
                let mut without = own.clone();
                without.extend(self.paths().map(str::to_owned));
                without.sort_unstable();
                without.dedup();
                if without.len() == own.len() {
                    return None;
                }
                let ours = |name: &&String| !without.iter().any(|path| Path::new(name).starts_with(path));
                let real: Vec<PathBuf> = without.iter().map(|path| world.real_path(path)).collect();
                let now = inputs::names_digest(&inputs::names(world, &inputs::matched(world, pattern, &real).ok()?));
                let then = if inputs::names_digest(known) == *was {
                    inputs::names_digest(&known.iter().filter(ours).cloned().collect::<Vec<_>>())
                } else {
                    was.clone()
                };
                (now == then).then(|| Read::Glob(pattern.clone(), now, without, Vec::new()))
            }
            _ => None,
        }
    }
}
