//! `thinking` alone: where the user stands, and what to do next.

use crate::cli::exit::Exit;
use crate::cli::{help, here, output};
use std::path::PathBuf;

pub(crate) fn run() -> Exit {
    let has_init = help::command().find_subcommand("init").is_some();
    output::data(&text(here::manifest(), &here::manifests(), has_init));
    Exit::Done
}

fn text(manifest: Option<PathBuf>, manifests: &[PathBuf], has_init: bool) -> String {
    let (situation, commands): (String, Vec<(String, &str)>) = match (manifest, manifests) {
        (Some(manifest), _) => (
            format!("{} is here. What next:", manifest.display()),
            vec![
                ("validate".to_owned(), "check it"),
                ("plan".to_owned(), "what would run, and why"),
                ("apply".to_owned(), "run it, or go on where it was"),
                ("doctor".to_owned(), "whether this machine has what it needs"),
            ],
        ),
        (None, []) => {
            let mut commands = vec![
                ("apply FOLDER".to_owned(), "run the manifest of another folder"),
                ("doctor".to_owned(), "whether this machine has what a run needs"),
                ("explain".to_owned(), "pages about mistakes and the script library"),
            ];
            if has_init {
                commands.insert(0, ("init".to_owned(), "start a project here"));
            }
            ("There is no manifest here. What next:".to_owned(), commands)
        }
        (None, several) => (
            format!("There are {} manifests here, and none is called pipeline.kdl. What next:", several.len()),
            several.iter().take(3).map(|name| (format!("apply {}", name.display()), "run that one")).collect(),
        ),
    };
    let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let lines = commands.iter().map(|(command, why)| format!("  thinking {command:width$}  {why}\n"));
    format!("{situation}\n{}`thinking help` lists all verbs.\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_next() {
        insta::assert_snapshot!(text(Some("only.kdl".into()), &["only.kdl".into()], true), @r#"
        only.kdl is here. What next:
          thinking validate  check it
          thinking plan      what would run, and why
          thinking apply     run it, or go on where it was
          thinking doctor    whether this machine has what it needs
        `thinking help` lists all verbs.
        "#);
        insta::assert_snapshot!(text(None, &[], true), @r#"
        There is no manifest here. What next:
          thinking init          start a project here
          thinking apply FOLDER  run the manifest of another folder
          thinking doctor        whether this machine has what a run needs
          thinking explain       pages about mistakes and the script library
        `thinking help` lists all verbs.
        "#);
        insta::assert_snapshot!(text(None, &[], false), @r#"
        There is no manifest here. What next:
          thinking apply FOLDER  run the manifest of another folder
          thinking doctor        whether this machine has what a run needs
          thinking explain       pages about mistakes and the script library
        `thinking help` lists all verbs.
        "#);
        insta::assert_snapshot!(text(None, &["a.kdl".into(), "b.kdl".into()], false), @r#"
        There are 2 manifests here, and none is called pipeline.kdl. What next:
          thinking apply a.kdl  run that one
          thinking apply b.kdl  run that one
        `thinking help` lists all verbs.
        "#);
    }
}
