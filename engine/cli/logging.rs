//! Where log lines go: the run's own file, the files that the manifest names, and the console if it wants JSON.

use crate::cli::late_file::LateFile;
use crate::cli::output;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thinking_event::{Event, Reporter};
use thinking_plan::{LogSettings, Plan};
use thinking_schema::{ConsoleFormat, Level, LogFileFormat};
use thinking_step::RunInfo;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Opens the log files when the run starts, and writes them out when it ends.
pub(crate) struct Logs {
    own: LateFile,
    more: Vec<(LateFile, thinking_plan::Template)>,
    settings: LogSettings,
    plan: Arc<Plan>,
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
        Self { own, more, settings: settings.clone(), plan: plan.clone() }
    }
}

impl Reporter for Logs {
    fn event(&self, event: &Event) {
        let Event::RunStarted { run, directory, at, .. } = event else { return };
        let directory = PathBuf::from(directory);
        let _ = self.own.open(&directory.join("log.jsonl"));
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
        self.own.finish();
        self.more.iter().for_each(|(file, _)| file.finish());
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
