//! Where log lines go: the run's own file, the files that the manifest names, and the console if it wants JSON.

use crate::cli::output;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thinking_event::{Event, Reporter};
use thinking_plan::{LogSettings, Plan};
use thinking_schema::{ConsoleFormat, Level, LogFileFormat};
use thinking_step::RunInfo;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// A log file that is opened when the run's directory is known; what is written before waits.
#[derive(Clone)]
struct LateFile(Arc<Mutex<Late>>);

enum Late {
    Waiting(Vec<u8>),
    Open(BufWriter<File>),
    /// It cannot be written; the run goes on without.
    Gone,
}

impl LateFile {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Late::Waiting(Vec::new()))))
    }

    fn open(&self, path: &Path) -> io::Result<()> {
        let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Late::Waiting(waiting) = &mut *late else { return Ok(()) };
        let waiting = std::mem::take(waiting);
        let opened = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| OpenOptions::new().create(true).append(true).read(true).open(path))
            .and_then(end_cut_line)
            .map(BufWriter::new)
            .and_then(|mut file| file.write_all(&waiting).map(|()| file));
        match opened {
            Ok(file) => {
                *late = Late::Open(file);
                Ok(())
            }
            Err(error) => {
                *late = Late::Gone;
                Err(error)
            }
        }
    }

    fn flush_out(&self) {
        if let Late::Open(file) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = file.flush();
        }
    }
}

impl Write for &LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Late::Waiting(waiting) => waiting.extend_from_slice(bytes),
            // A full disk must not end a run because of its log; the store will say so if it concerns the state.
            Late::Open(file) => drop(file.write_all(bytes)),
            Late::Gone => {}
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LateFile {
    type Writer = &'a LateFile;
    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// A killed process may have left half a line: what follows stands on its own.
fn end_cut_line(mut file: File) -> io::Result<File> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 && file.metadata()?.is_file() {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Lines reach their files after this time at the latest, so that `thinking logs --follow` shows what happens.
const PAUSE: Duration = Duration::from_millis(100);

/// Opens the log files when the run starts, and writes them out when it ends.
pub(crate) struct Logs {
    own: LateFile,
    more: Vec<(LateFile, thinking_plan::Template)>,
    settings: LogSettings,
    plan: Arc<Plan>,
    finished: Arc<AtomicBool>,
}

impl Logs {
    /// Installs the subscriber for this process. `false` if another one is installed already.
    pub fn install(settings: &LogSettings, plan: &Arc<Plan>) -> Self {
        let own = LateFile::new();
        let more: Vec<(LateFile, thinking_plan::Template)> =
            settings.files.iter().map(|(path, _)| (LateFile::new(), path.clone())).collect();
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
        let json = |writer: LateFile| fmt::layer().json().flatten_event(true).with_writer(writer);
        layers.push(json(own.clone()).with_filter(filter(settings)).boxed());
        for ((file, _), (_, format)) in more.iter().zip(&settings.files) {
            let layer = match format {
                LogFileFormat::Json => json(file.clone()).with_filter(filter(settings)).boxed(),
                LogFileFormat::Compact => fmt::layer()
                    .compact()
                    .with_ansi(false)
                    .with_writer(file.clone())
                    .with_filter(filter(settings))
                    .boxed(),
            };
            layers.push(layer);
        }
        if settings.console == ConsoleFormat::Json {
            let layer = fmt::layer().json().flatten_event(true).with_writer(io::stderr);
            layers.push(layer.with_filter(filter(settings)).boxed());
        }
        // A second subscriber in one process (a library user's own) wins: theirs is there first.
        let _ = tracing::subscriber::set_global_default(Registry::default().with(layers));
        Self { own, more, settings: settings.clone(), plan: plan.clone(), finished: Arc::default() }
    }
}

impl Reporter for Logs {
    fn event(&self, event: &Event) {
        let Event::RunStarted { run, directory, at, .. } = event else { return };
        let directory = PathBuf::from(directory);
        let _ = self.own.open(&directory.join("log.jsonl"));
        self.keep_writing();
        let started = jiff::Timestamp::from_millisecond(*at).map(|time| time.to_string()).unwrap_or_default();
        for (file, template) in &self.more {
            let info = RunInfo { id: run.clone(), directory: directory.clone(), started: started.as_str().into() };
            let plan = &self.plan;
            let path = self.settings.path(template, &plan.params, &plan.facets, plan.mode, info);
            let opened = match &path {
                Ok(path) => file.open(&plan.directory.join(path)).map_err(|error| error.to_string()),
                Err(error) => Err(error.message.clone()),
            };
            if let Err(why) = opened {
                output::talk(&format!(
                    "the log file `{}` cannot be written: {why}; the run goes on without it\n",
                    template.source
                ));
            }
        }
    }

    fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
        self.files().iter().for_each(LateFile::flush_out);
    }
}

impl Logs {
    fn files(&self) -> Vec<LateFile> {
        std::iter::once(&self.own).chain(self.more.iter().map(|(file, _)| file)).cloned().collect()
    }

    /// Writes out again and again what waits. Without a thread (the system has none left) lines come later.
    fn keep_writing(&self) {
        let (files, finished) = (self.files(), self.finished.clone());
        let _ = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            while !finished.load(Ordering::Relaxed) {
                std::thread::sleep(PAUSE);
                files.iter().for_each(LateFile::flush_out);
            }
        });
    }
}

fn filter(settings: &LogSettings) -> Targets {
    let mut targets = Targets::new().with_default(level(settings.level));
    for (target, at) in &settings.filters {
        targets = targets.with_target(target.clone(), level(*at));
    }
    targets
}

fn level(level: Level) -> LevelFilter {
    match level {
        Level::Trace => LevelFilter::TRACE,
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
        Level::Off => LevelFilter::OFF,
    }
}
