//! `thinking state …`

use crate::cli::args::{StateArgs, StateVerb};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, session};
use serde_json::json;

pub(crate) fn run(args: &StateArgs) -> Result<Exit, Trouble> {
    match &args.verb {
        StateVerb::Verify(common) => {
            let directory = match &common.state {
                Some(directory) => directory.clone(),
                None => {
                    let manifest = session::manifest(common)?;
                    let manifest = std::path::absolute(&manifest).unwrap_or(manifest);
                    manifest.parent().map(|parent| parent.join(".thinking")).unwrap_or_default()
                }
            };
            let verified = thinking_store_lmdb::verify(&directory)?;
            if common.json {
                output::json_data(
                    &json!({ "entries": verified.entries, "versions": verified.versions, "blobs": verified.blobs }),
                );
            } else if !common.quiet {
                output::talk(&format!(
                    "the state is sound: {} entries, {} versions of keys, {} large values\n",
                    verified.entries, verified.versions, verified.blobs
                ));
            }
            Ok(Exit::Done)
        }
    }
}
