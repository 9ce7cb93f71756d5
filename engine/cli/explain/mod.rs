//! `thinking explain`

mod list;
mod page;

pub(crate) use page::wrapped;

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use thinking_diagnostic::{Code, Diagnostic, Page, did_you_mean};

/// What `explain` takes.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A code (unknown-param), a function (fs::lines) or a namespace (fs); without it everything there is
    pub topic: Option<String>,
    /// For machines: JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// No difference: there is nothing else to say
    #[arg(long, short)]
    pub quiet: bool,
    /// No difference: no state is looked at
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let style = output::data_style();
    let Some(topic) = &args.topic else {
        if args.json {
            output::json_data(&list::json());
        } else {
            output::data(&list::text(style));
        }
        return Ok(Exit::Done);
    };
    let word = topic.trim().to_lowercase();
    if let Some(code) = code(&word) {
        let page = Page::of(code);
        if args.json {
            output::json_data(&page::json(&page));
        } else {
            output::data(&page::text(&page, style));
        }
        return Ok(Exit::Done);
    }
    let library = word.trim_end_matches("()").trim_end_matches("::");
    if let Some(text) = thinking_script::page(library).filter(|_| !library.is_empty()) {
        if args.json {
            output::json_data(&json!({ "topic": library, "text": text }));
        } else {
            output::data(&page::wrapped(&text, style.width));
        }
        return Ok(Exit::Done);
    }
    let message = format!("there is no page about `{topic}`");
    output::complain(Diagnostic::error(Code::CommandLine, message).help(nearest(&word)), args.json);
    Ok(Exit::Wrong)
}

/// The code of that name, with `thinking::` or without.
fn code(word: &str) -> Option<Code> {
    let short = word.strip_prefix("thinking::").unwrap_or(word);
    Code::ALL.iter().copied().find(|code| code.short() == short)
}

/// What was most likely meant.
fn nearest(word: &str) -> String {
    let short = word.strip_prefix("thinking::").unwrap_or(word);
    let topics = thinking_script::topics();
    let tail = format!("::{short}");
    let mut same: Vec<&str> = topics.iter().map(String::as_str).filter(|topic| topic.ends_with(&tail)).collect();
    same.truncate(3);
    if !same.is_empty() {
        return format!("did you mean `{}`?", same.join("`, `"));
    }
    let codes = Code::ALL.iter().map(|code| code.short());
    let spaces = list::namespaces(&topics);
    let names = codes.chain(topics.iter().map(String::as_str)).chain(spaces.keys().copied());
    match did_you_mean(short, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`thinking explain` lists all pages".to_owned(),
    }
}
