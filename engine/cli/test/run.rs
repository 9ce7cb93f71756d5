//! A run of tests.

use crate::cli::args::Common;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::session::Session;
use crate::cli::test::args::TestArgs;
use crate::cli::test::projects::{self, Found};
use crate::cli::test::reports::{self, About, Reports, near};
use crate::cli::test::{coverage, listing};
use crate::cli::{output, runner, signals};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use thinking_diagnostic::{Code, Diagnostic, Diagnostics, SourceMap};
use thinking_event::testing::{TestInfo, TestRunEnd};
use thinking_run::{Stop, StopSignal};
use thinking_script::Rhai;
use thinking_testing::pool::{Interrupt, Pool, ProjectWorkers, RunOptions, TestRunResult};
use thinking_testing::protocol::{Ready, Settings};
use thinking_testing::record::{Record, Records};
use thinking_testing::schedule::{Ordering, Wishes, schedule};
use thinking_testing::select::{Dialect, Filter, Selection, select};

/// So many directories of test runs are kept.
const KEPT: usize = 10;

/// Runs tests.
pub(crate) fn run(args: &TestArgs) -> Result<Exit, Trouble> {
    let mut sources = SourceMap::new();
    let asked = projects::find(args).map_err(|wrong| vec![wrong]).and_then(|found| {
        let selection = selection(args, &mut sources)?;
        let shuffle = shuffle(args).map_err(|wrong| vec![wrong])?;
        Ok((found, selection, shuffle))
    });
    let (found, selection, shuffle) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return Ok(refuse(wrong, &sources, args)),
    };
    // Running tests may end by themselves for that long.
    let stop = StopSignal::new(Duration::from_secs(5));
    signals::listen(&stop);
    let interrupt = || match stop.asked() {
        Stop::No => Interrupt::None,
        Stop::Graceful => Interrupt::Graceful,
        Stop::Now => Interrupt::Now,
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = found.iter().map(|one| Ok(workers(one, args, program(one, args)?)));
    let workers = workers.collect::<Result<Vec<_>, Trouble>>()?;
    let mut pool = Pool::new(workers, args.jobs.unwrap_or(cores));
    let Some(loaded) = pool.load(&interrupt, &mut || {}) else { return Ok(Exit::Interrupted) };
    let Some(ready) = usable(loaded, args) else { return Ok(Exit::Wrong) };
    let settings = match &*ready {
        [only] => only.settings.clone(),
        _ => Settings::default(),
    };
    let jobs = args.jobs.or_else(|| ready.iter().filter_map(|one| one.settings.jobs).max()).unwrap_or(cores);
    pool.set_jobs(jobs);
    let tests = meant(&found, &ready);
    let records = load_records(&ready, &tests);
    let selected = match select(&tests, &selection, &records) {
        Ok(selected) => selected,
        Err(wrong) => return Ok(refuse(wrong, &sources, args)),
    };
    if !selected.hints.is_empty() && !args.quiet && !args.json {
        output::diagnostics(&selected.hints.iter().cloned().collect(), &sources, false);
    }
    if args.list {
        listing::print(selected.tests.iter().filter_map(|number| tests.get(*number)), args.json, ready.len() > 1);
        return Ok(Exit::Done);
    }
    let ordering = match (args.stepwise, shuffle) {
        (true, _) => Ordering::Written,
        (false, Some(seed)) => Ordering::Shuffled(seed),
        (false, None) => Ordering::LongestFirst,
    };
    let wishes = Wishes { ordering, failed_first: args.failed_first, repeat: args.repeat, jobs };
    let schedule = schedule(&tests, &selected.tests, wishes, &records);
    let run = id();
    let directory = directory(&ready, &run);
    if let Err(error) = std::fs::create_dir_all(&directory) {
        let message = format!("`{}` cannot be made: {error}", directory.display());
        output::complain(
            Diagnostic::error(Code::State, message)
                .help("mend that, or name another place with --state DIR".to_owned()),
            args.json,
        );
        return Ok(Exit::Wrong);
    }
    let options = RunOptions {
        run,
        directory: near(&directory),
        work: directory.join("work"),
        known: tests.len() * args.repeat as usize,
        shuffle,
        expected: schedule.expected,
        timeout: args.timeout,
        retries: args.retries,
        fail_fast: args.fail_fast || args.stepwise,
        seed: args.seed,
        update: args.update,
        coverage: !args.no_coverage,
        interruptible: true,
        ..RunOptions::default()
    };
    if let Some(wrong) = reports::misplaced(args, &settings, &found) {
        return Ok(refuse(vec![wrong], &sources, args));
    }
    let about = About { args, settings: &settings, directory: &directory, projects: ready.len(), again: again(args) };
    let mut reports = Reports::new(&about);
    let result = pool.run(&schedule.plan, &options, &interrupt, &mut reports);
    drop(pool);
    let covered = coverage::write(&reports, &result.coverage, &ready);
    let mut well = reports.finish() && covered;
    well &= write_records(&ready, &tests, records, &result);
    for error in &result.errors {
        output::talk(&format!("{error}\n"));
        error.last_lines.iter().for_each(|line| output::talk(&format!("  {line}\n")));
    }
    // Nothing is in it unless a test failed.
    let _ = std::fs::remove_dir(directory.join("work"));
    tidy(directory.parent());
    Ok(match result.end {
        TestRunEnd::Interrupted => Exit::Interrupted,
        _ if !result.errors.is_empty() => Exit::Wrong,
        _ if result.counts.failed > 0 || !well => Exit::Failed,
        TestRunEnd::Finished | TestRunEnd::Stopped => Exit::Done,
    })
}

fn refuse(wrong: Vec<Diagnostic>, sources: &SourceMap, args: &TestArgs) -> Exit {
    output::diagnostics(&Diagnostics::from_iter(wrong), sources, args.json);
    Exit::Wrong
}

fn selection(args: &TestArgs, sources: &mut SourceMap) -> Result<Selection, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut parse = |dialect, texts: &[String]| -> Vec<Filter> {
        let parsed = texts.iter().map(|text| Filter::parse(dialect, text, sources));
        parsed.filter_map(|one| one.map_err(|error| wrong.push(error)).ok()).collect()
    };
    let (expressions, tags) = (parse(Dialect::Tests, &args.filter), parse(Dialect::Tags, &args.tag));
    let shard = match args.shard.as_deref().map(str::parse).transpose() {
        Ok(shard) => shard,
        Err(why) => {
            let why: String = why;
            wrong.push(Diagnostic::error(Code::CommandLine, format!("--shard: {why}")));
            None
        }
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Selection {
        expressions,
        tags,
        texts: args.keyword.clone(),
        shard,
        last_failed: args.last_failed,
        stepwise: args.stepwise,
    })
}

/// The seed of `--shuffle`, drawn if none was given.
fn shuffle(args: &TestArgs) -> Result<Option<u64>, Diagnostic> {
    match args.shuffle.as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(u64::from(random()))),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Diagnostic::error(Code::CommandLine, format!("--shuffle {text}: a seed is a whole number"))
                .help("leave it out to draw one; it is told, and gives the same order again".to_owned())
        }),
    }
}

/// Some number.
fn random() -> u32 {
    use std::hash::{BuildHasher as _, Hasher as _};
    // Its keys are drawn by the system.
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}

/// What the projects offer; `None` if one of them is wrong, which is told.
fn usable(loaded: Vec<Result<Ready, thinking_testing::pool::WorkerError>>, args: &TestArgs) -> Option<Vec<Ready>> {
    let (mut ready, mut mistakes, mut broken) = (Vec::new(), 0, false);
    for one in loaded {
        match one {
            Ok(one) => {
                mistakes += one.error_count;
                output::talk(&one.errors);
                if !args.quiet && !args.json {
                    output::talk(&one.warnings);
                }
                ready.push(one);
            }
            Err(error) => {
                broken = true;
                error.last_lines.iter().for_each(|line| output::talk(&format!("{line}\n")));
                output::talk(&format!("{error}\n"));
            }
        }
    }
    if mistakes > 0 {
        let what = if mistakes == 1 { "1 mistake".to_owned() } else { format!("{mistakes} mistakes") };
        output::talk(&format!("{what}; no test was run\n"));
    }
    (mistakes == 0 && !broken).then_some(ready)
}

/// The tests of the projects, or of the files that were named.
fn meant(found: &[Found], ready: &[Ready]) -> Vec<TestInfo> {
    let mut tests = Vec::new();
    for (found, ready) in found.iter().zip(ready) {
        let is_meant = |test: &&TestInfo| {
            let file = std::path::absolute(&test.file).unwrap_or_default();
            found.files.is_empty() || found.files.contains(&file)
        };
        tests.extend(ready.tests.iter().filter(is_meant).cloned());
    }
    tests
}

fn load_records(ready: &[Ready], tests: &[TestInfo]) -> Records {
    let mut records = BTreeMap::new();
    for one in ready {
        let Some(project) = one.tests.first().map(|test| test.project.clone()) else { continue };
        let (record, warning) = Record::load(&record_file(one, ready));
        if let Some(warning) = warning.filter(|_| !tests.is_empty()) {
            output::diagnostics(&Diagnostics::from_iter([warning]), &SourceMap::new(), false);
        }
        records.insert(project, record);
    }
    Records(records)
}

fn write_records(ready: &[Ready], tests: &[TestInfo], mut records: Records, result: &TestRunResult) -> bool {
    let mut well = true;
    for one in ready {
        let Some(project) = one.tests.first().map(|test| test.project.clone()) else { continue };
        if !tests.iter().any(|test| test.project == project) {
            continue;
        }
        let record = records.0.entry(project.clone()).or_default();
        record.update(&project, &one.tests, &result.records);
        let file = record_file(one, ready);
        if let Err(error) = record.write(&file) {
            output::talk(&format!(
                "`{}` cannot be written: {error}; --last-failed will not know of this run\n",
                file.display()
            ));
            well = false;
        }
    }
    well
}

/// Where the record of a project lies: with its state, under a name of its own if several share that.
fn record_file(one: &Ready, all: &[Ready]) -> PathBuf {
    let file = Record::file(Path::new(&one.state));
    if all.iter().filter(|other| other.state == one.state).count() < 2 {
        return file;
    }
    let project = one.tests.first().map_or("", |test| test.project.as_str());
    let word: String = project.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    file.with_file_name(format!("tests-{word}.json"))
}

/// A name for this run: when it began, and four digits for those that begin at once.
fn id() -> String {
    let now = jiff::Zoned::now();
    format!("{}-{:04x}", now.strftime("%Y%m%d-%H%M%S"), random() & 0xffff)
}

/// Where reports go: below the state of the project, or here if there are several.
fn directory(ready: &[Ready], run: &str) -> PathBuf {
    let state = match ready {
        [only] => PathBuf::from(&only.state),
        _ => std::env::current_dir().unwrap_or_default().join(".thinking"),
    };
    state.join("tests").join(run)
}

/// Old runs go: what they said is of no use any more.
fn tidy(runs: Option<&Path>) {
    let Some(runs) = runs else { return };
    let entries = std::fs::read_dir(runs).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    // Their names begin with the time.
    names.sort();
    let surplus = names.len().saturating_sub(KEPT);
    for old in names.iter().take(surplus) {
        let _ = std::fs::remove_dir_all(old);
    }
}

/// What to type to run what failed again.
fn again(args: &TestArgs) -> String {
    let mut words = vec!["thinking test".to_owned()];
    words.extend(args.paths.iter().map(|path| path.display().to_string()));
    words.extend(args.facet.iter().map(|facet| format!("--facet {facet}")));
    words.push("--last-failed".to_owned());
    words.join(" ")
}

/// The program that runs the tests of a project: this one, or one with the project's own crates in it, which is built now, where it can be seen.
fn program(found: &Found, args: &TestArgs) -> Result<PathBuf, Trouble> {
    let this = || std::env::current_exe().unwrap_or_else(|_| "thinking".into());
    let common = Common {
        manifest: Some(found.manifest.clone()),
        state: args.state.clone(),
        json: args.json,
        quiet: args.quiet,
    };
    let language = Rhai::new();
    // What is wrong with the manifest the worker says.
    let Ok(session) = Session::load(&found.manifest, &language) else { return Ok(this()) };
    Ok(runner::program(&session, &common)?.unwrap_or_else(this))
}

/// How workers of a project are started.
fn workers(found: &Found, args: &TestArgs, program: PathBuf) -> ProjectWorkers {
    let (manifest, state, facet) = (found.manifest.clone(), args.state.clone(), args.facet.clone());
    let (mut checked, coverage) = (false, !args.no_coverage);
    let command = move || {
        let mut command = Command::new(&program);
        command.arg(super::WORKER).arg(&manifest);
        if let Some(state) = &state {
            command.arg("--state").arg(state);
        }
        command.arg("--width").arg(output::style().width.to_string());
        if coverage {
            command.arg("--coverage");
        }
        if !facet.is_empty() {
            command.arg("--facet").arg(facet.join(","));
        }
        if std::mem::replace(&mut checked, true) {
            command.arg("--checked");
        }
        command
    };
    ProjectWorkers { project: found.manifest.display().to_string(), command: Box::new(command) }
}
