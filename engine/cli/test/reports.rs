//! Where a run of tests is told.

use crate::cli::test::args::{TestArgs, When};
use crate::cli::test::projects::Found;
use crate::cli::{output, signals};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use thinking_diagnostic::{Code, Diagnostic};
use thinking_event::testing::{TestEvent, TestReporter};
use thinking_report::StandardError;
use thinking_report::{
    JunitForm, ReportTarget, ShowOutput, ShowTests, TestAnnotations, TestConsole, TestConsoleOptions, TestHtml,
    TestJson, TestJunit, TestLive,
};
use thinking_testing::protocol::{Destination, Settings};

/// Everyone who is told.
pub(super) struct Reports {
    all: Vec<Box<dyn TestReporter>>,
    /// Where the page takes its coverage from.
    pub page: Option<Arc<OnceLock<String>>>,
    /// Where coverage goes, if anywhere.
    pub coverage: Option<PathBuf>,
}

/// What is to be known of the run.
pub(super) struct About<'a> {
    pub args: &'a TestArgs,
    pub settings: &'a Settings,
    /// The directory of the test run.
    pub directory: &'a Path,
    pub projects: usize,
    /// What to type to run what failed again.
    pub again: String,
}

impl About<'_> {
    /// Where a report goes; `None`: nowhere.
    fn target(&self, name: &str, given: Option<&PathBuf>, usual: Option<&str>) -> Option<PathBuf> {
        if let Some(given) = given {
            return Some(given.clone());
        }
        match self.settings.reports.get(name) {
            Some(Destination::Off) => None,
            Some(Destination::To(path)) => Some(PathBuf::from(path)),
            Some(Destination::Run) => Some(self.directory.join(usual.unwrap_or(name))),
            None => usual.map(|usual| self.directory.join(usual)),
        }
    }
}

impl Reports {
    /// All reports that were asked for.
    pub fn new(about: &About<'_>) -> Self {
        let args = about.args;
        let mut all: Vec<Box<dyn TestReporter>> = Vec::new();
        let mut shown = Vec::new();
        let mut page = None;
        if let Some(path) = about.target("html", args.html.as_ref(), Some("report.html")) {
            shown.push(near(&path));
            let html = TestHtml::new(ReportTarget::Path(path));
            page = Some(html.coverage());
            all.push(Box::new(html));
        }
        if let Some(path) = about.target("junit", args.junit.as_ref(), Some("junit.xml")) {
            shown.push(near(&path));
            all.push(Box::new(TestJunit::new(ReportTarget::Path(path), JunitForm::Strict)));
        }
        if let Some(path) = about.target("json", None, Some("events.jsonl")) {
            match TestJson::create(&path) {
                Ok(json) => {
                    shown.push(near(&path));
                    all.push(Box::new(json));
                }
                Err(error) => output::talk(&format!("`{}` cannot be written: {error}\n", path.display())),
            }
        }
        // Only where GitHub runs the tests does anyone read them from standard output.
        let on_github = std::env::var_os("GITHUB_ACTIONS").is_some();
        match about.settings.reports.get("github") {
            Some(Destination::To(path)) => {
                all.push(Box::new(TestAnnotations::new(ReportTarget::Path(PathBuf::from(path)))));
            }
            Some(Destination::Run) => all.push(annotations()),
            None if on_github && !args.json => all.push(annotations()),
            Some(Destination::Off) | None => {}
        }
        let coverage = match args.no_coverage {
            true => None,
            false => about.target("coverage", args.coverage.as_ref(), Some("coverage")),
        };
        shown.extend(coverage.as_deref().map(near));
        if args.json {
            all.push(Box::new(TestJson::new(Box::new(io::stdout()))));
        }
        all.push(console(about, shown));
        Self { all, page, coverage }
    }

    /// Nothing follows; what could not be written is told. Gives whether all could be.
    pub fn finish(&mut self) -> bool {
        let mut well = true;
        for one in &mut self.all {
            if let Err(message) = one.finish() {
                output::talk(&format!("{message}\n"));
                well = false;
            }
        }
        well
    }
}

impl TestReporter for Reports {
    fn event(&mut self, event: &TestEvent) {
        self.all.iter_mut().for_each(|one| one.event(event));
    }
    fn tick(&mut self) {
        self.all.iter_mut().for_each(|one| one.tick());
    }
}

fn annotations() -> Box<dyn TestReporter> {
    Box::new(TestAnnotations::new(ReportTarget::Writer(Box::new(io::stdout()))))
}

fn console(about: &About<'_>, reports: Vec<String>) -> Box<dyn TestReporter> {
    let args = about.args;
    let options = TestConsoleOptions {
        style: output::style(),
        quiet: args.quiet || args.json,
        show: if args.output == When::All { ShowTests::All } else { ShowTests::Failures },
        output: match args.output {
            When::All => ShowOutput::All,
            When::Failures => ShowOutput::Failures,
            When::Never => ShowOutput::Never,
        },
        projects: about.projects > 1,
        reports,
        again_command: about.again.clone(),
    };
    if output::live() && !options.quiet {
        // The one terminal in wide use that does not, and it says who it is.
        let reflows = std::env::var_os("XTERM_VERSION").is_none();
        return Box::new(TestLive::new(Box::new(StandardError), options, signals::continued(), reflows));
    }
    let out: Box<dyn Write + Send> = Box::new(io::stderr());
    Box::new(TestConsole::new(out, options))
}

/// A report that would be written over something of a project.
pub(super) fn misplaced(args: &TestArgs, settings: &Settings, found: &[Found]) -> Option<Diagnostic> {
    let configured = settings.reports.values().filter_map(|to| match to {
        Destination::To(path) => Some(PathBuf::from(path)),
        Destination::Off | Destination::Run => None,
    });
    let given = [&args.junit, &args.html].into_iter().flatten().cloned();
    let ours = |path: &Path| {
        path.extension()
            .is_some_and(|extension| ["kdl", "rhai", "feature", "rs", "toml"].iter().any(|own| extension == *own))
    };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let manifests: Vec<PathBuf> = found.iter().map(|one| real(&one.manifest)).collect();
    let wrong = given.chain(configured).find(|path| ours(path) || manifests.contains(&real(path)))?;
    let message =
        format!("a report cannot be written to `{}`: that is a place for what a project is made of", wrong.display());
    Some(
        Diagnostic::error(Code::CommandLine, message)
            .help("name another file, such as report.xml or report.html".to_owned()),
    )
}

/// A path as one would type it here.
pub(super) fn near(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
