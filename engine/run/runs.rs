//! Runs: finding the unfinished one, naming a new one.

use crate::Clock;
use crate::mask::Mask;
use std::collections::BTreeMap;
use std::path::Path;
use thinking_plan::{ParamValue, Plan};
use thinking_store::{RunFigures, RunRecord, RunStatus, Store, StoreError};

/// So many records are looked at together.
const PAGE: usize = 100;

/// The pipeline's unfinished run on that line: failed, killed, interrupted, or stopped where `--until` said.
///
/// # Errors
/// The store failed.
pub fn unfinished(store: &dyn Store, line: &str, pipeline: &str) -> Result<Option<RunRecord>, StoreError> {
    let mut before = None;
    loop {
        let page = store.runs_before(before, PAGE)?;
        before = page.last().map(|run| run.number);
        let last = page.len() < PAGE;
        if let Some(latest) = page.into_iter().find(|run| run.line == line && run.pipeline == pipeline) {
            return Ok(Some(latest).filter(|run| !matches!(run.status, RunStatus::Done | RunStatus::Abandoned)));
        }
        if last {
            return Ok(None);
        }
    }
}

/// A record of a run that begins now.
pub(crate) fn begin(
    store: &dyn Store,
    plan: &Plan,
    line: &str,
    clock: &dyn Clock,
    runs: &Path,
) -> Result<RunRecord, StoreError> {
    let number = store.runs_before(None, 1)?.first().map_or(0, |run| run.number).saturating_add(1);
    let started = clock.now();
    Ok(RunRecord {
        number,
        id: id(store, started, number, runs),
        line: line.to_owned(),
        pipeline: plan.pipeline.to_string(),
        status: RunStatus::Running,
        started,
        ended: None,
        params: given(plan),
        facets: plan.remembered_facets.iter().map(ToString::to_string).collect(),
        figures: RunFigures::default(),
    })
}

/// Parameters to remember: those that were given, never secrets nor what was made of one.
pub(crate) fn given(plan: &Plan) -> BTreeMap<String, serde_json::Value> {
    let mask = Mask::new(&plan.params);
    let may = |param: &ParamValue| param.given && !param.secret && mask.find(&param.value).is_none();
    let given = plan.params.values.iter().filter(|(_, param)| may(param));
    given.map(|(name, param)| (name.to_string(), param.value.clone())).collect()
}

/// A time as people write it, in UTC.
pub(crate) fn timestamp(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default()
}

/// Sorts by time, and differs from other runs that begin in the same second, also on other states.
fn id(store: &dyn Store, started: i64, number: u32, runs: &Path) -> String {
    let identity = store.identity();
    let time = jiff::Timestamp::from_millisecond(started).unwrap_or_default();
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
    let mut salt = 0u32;
    loop {
        let hash = blake3::hash(format!("{}\0{}\0{started}\0{number}\0{salt}", identity.id, identity.epoch).as_bytes());
        let id = format!("{time}-{}", &hash.to_hex()[..4]);
        if salt == u32::MAX || !runs.join(&id).exists() {
            return id;
        }
        salt += 1;
    }
}
