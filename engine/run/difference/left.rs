//! What a run left, as it is compared.

use super::Side;
use crate::reads::Facts;
use crate::{datum, head, host};
use std::collections::{BTreeMap, HashMap};
use thinking_step::{Datum, Value, digest};
use thinking_store::{DatabaseId, Outcome, Seq, StepEntry, StoreError, TaskKey, View};

/// So much is read at once.
const PAGE: usize = 1000;

/// A database's name as it is stored, and a key.
pub(super) type Place = (String, Vec<u8>);
/// Rows by where they are, names of the run left out.
pub(super) type Rows = BTreeMap<Place, Row>;

/// A row.
pub(super) struct Row {
    /// Where it really is.
    pub place: Place,
    pub shown: String,
    value: Option<Value>,
    /// What is compared.
    plain: String,
}

impl Row {
    /// Whether it is the length of a list whose parts have keys of their own.
    pub fn is_list(&self) -> bool {
        matches!(&self.value, Some(Value::Object(fields)) if fields.contains_key("list"))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

/// How a step ended.
#[derive(Clone)]
pub(super) struct Done {
    pub passed_over: bool,
    pub result: String,
}

pub(super) struct Left<'a> {
    pub side: Side<'a>,
    view: View,
    /// By path; several instances share one only if they are in containers without names.
    pub steps: BTreeMap<String, Vec<Done>>,
    /// Outputs and other files by their recorded paths: the step, and whether it is an output.
    pub files: BTreeMap<String, (String, bool)>,
    /// Seqs and paths, in the order of the line.
    order: Vec<(Seq, String)>,
    positions: HashMap<String, usize>,
    /// Names that only this run has, and what stands for them.
    names: Vec<(String, &'static str)>,
    /// Idempotency keys that its steps may have had, and their paths.
    keys: HashMap<String, String>,
}

impl<'a> Left<'a> {
    pub fn new(side: Side<'a>) -> Result<Self, StoreError> {
        let view = side.store.view(side.line)?;
        let mut latest: BTreeMap<TaskKey, usize> = BTreeMap::new();
        let mut entries = Vec::new();
        let mut after = None;
        loop {
            let page = side.store.steps(&view, after, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (seq, entry) in page {
                latest.insert(entry.task.clone(), entries.len());
                entries.push((seq, entry));
            }
        }
        let mut left = Self {
            names: names(side)?,
            keys: HashMap::new(),
            side,
            view,
            steps: BTreeMap::new(),
            files: BTreeMap::new(),
            order: Vec::new(),
            positions: HashMap::new(),
        };
        left.keys = left.idempotency_keys(entries.iter().map(|(_, entry)| entry))?;
        for (at, (seq, entry)) in entries.into_iter().enumerate() {
            left.positions.entry(entry.path.clone()).or_insert(at);
            if latest.get(&entry.task) == Some(&at) {
                let facts = Facts::from_bytes(&entry.outputs).unwrap_or_default();
                let files = facts.files.into_iter().map(|(path, _)| (path, false));
                for (path, output) in files.chain(facts.outputs.into_iter().map(|(path, _)| (path, true))) {
                    left.files.insert(path, (entry.path.clone(), output));
                }
                let passed_over = matches!(entry.outcome, Outcome::Skipped(_));
                let result = String::from_utf8_lossy(&entry.result).into_owned();
                left.steps.entry(entry.path.clone()).or_default().push(Done { passed_over, result });
            }
            left.order.push((seq, entry.path));
        }
        Ok(left)
    }

    /// Where a step stands in the order of this run; after all others if it is not in it.
    pub fn position(&self, step: Option<&str>) -> usize {
        step.and_then(|step| self.positions.get(step)).copied().unwrap_or(usize::MAX - 1)
    }

    /// A text without the names that only this run has.
    pub fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, stands) in &self.names {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), stands);
            }
        }
        self.without_keys(text)
    }

    /// The idempotency keys that steps had in the stretches of the line as it is.
    fn idempotency_keys<'s>(
        &self,
        steps: impl Iterator<Item = &'s StepEntry>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let runs: HashMap<u32, String> = self.side.store.runs()?.into_iter().map(|run| (run.number, run.id)).collect();
        let mut keys = HashMap::new();
        for step in steps {
            let Some(run) = runs.get(&step.run) else { continue };
            for piece in self.view.pieces.iter() {
                let stretch = head::stretch_of(piece);
                let key = host::idempotency_key(run, self.side.line, &step.path, step.generation, &stretch);
                keys.insert(key, step.path.clone());
            }
        }
        Ok(keys)
    }

    /// A text with the paths of steps for their idempotency keys.
    fn without_keys(&self, text: String) -> String {
        let Some(length) = self.keys.keys().next().map(String::len) else { return text };
        let is_hex = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_hex) {
            let word = rest.get(start..).unwrap_or_default();
            let end = word.find(|letter| !is_hex(letter)).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            plain.push_str(rest.get(..start).unwrap_or_default());
            match self.keys.get(word).filter(|_| end == length) {
                Some(path) => plain.push_str(&format!("<key of {path}>")),
                None => plain.push_str(word),
            }
            rest = after;
        }
        plain.push_str(rest);
        plain
    }

    /// All rows.
    pub fn data(&self) -> Result<BTreeMap<Place, Vec<u8>>, StoreError> {
        let data = thinking_store::dump::data(self.side.store, &self.view)?;
        let rows = data
            .into_iter()
            .flat_map(|(database, rows)| rows.into_iter().map(move |(key, value)| ((database.clone(), key), value)));
        Ok(rows.collect())
    }

    /// Rows as they are compared.
    pub fn plain_data(&self, rows: BTreeMap<Place, Vec<u8>>) -> Rows {
        let row = |(place, bytes): (Place, Vec<u8>)| {
            let (shown, value) = match datum::decode(&bytes) {
                Ok(Datum::Json(value)) => (value.to_string(), Some(value)),
                Ok(Datum::Blob(blob)) => (blob_text(&blob), None),
                Err(_) => (blob_text(&bytes), None),
            };
            let key = match std::str::from_utf8(&place.1) {
                Ok(key) => self.plain(key).into_bytes(),
                Err(_) => place.1.clone(),
            };
            ((place.0.clone(), key), Row { plain: self.plain(&shown), place, shown, value })
        };
        rows.into_iter().map(row).collect()
    }

    /// Which step wrote what last.
    pub fn writers(&self) -> Result<Writers, StoreError> {
        let names: HashMap<DatabaseId, String> = self.side.store.databases()?.into_iter().collect();
        let mut writers = Writers::default();
        for (at, (seq, path)) in self.order.iter().enumerate() {
            let Some(written) = self.side.store.written(*seq)? else { continue };
            for (database, key) in written.keys {
                let Some(name) = names.get(&database) else { continue };
                let step = (at, path.clone());
                match key {
                    Some(key) => drop(writers.keys.insert((name.clone(), key), step)),
                    None => drop(writers.cleared.insert(name.clone(), step)),
                }
            }
        }
        Ok(writers)
    }
}

/// Which step wrote what last.
#[derive(Default)]
pub(super) struct Writers {
    keys: HashMap<Place, (usize, String)>,
    cleared: HashMap<String, (usize, String)>,
}

impl Writers {
    pub fn of(&self, place: &Place) -> Option<String> {
        let last = self.keys.get(place).max(self.cleared.get(&place.0));
        last.map(|(_, step)| step.clone())
    }
}

/// Bytes, so that two that differ look different.
pub(super) fn blob_text(bytes: &[u8]) -> String {
    format!("{} bytes ({:.8}…)", bytes.len(), digest(bytes).to_string())
}

/// Names that only this run has, longest first so that none is cut by another.
fn names(side: Side<'_>) -> Result<Vec<(String, &'static str)>, StoreError> {
    let mut names = Vec::new();
    for run in side.store.runs()? {
        names.push((run.id, "<run>"));
        names.push((crate::runs::timestamp(run.started), "<started>"));
    }
    for root in [side.root.to_owned(), crate::files::real(side.root)] {
        names.push((root.display().to_string(), "<project>"));
    }
    names.retain(|(name, _)| name.len() > 1);
    names.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.cmp(other)));
    names.dedup();
    Ok(names)
}
