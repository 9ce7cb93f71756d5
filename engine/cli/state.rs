//! `thinking state …`

use crate::cli::args::{StateArgs, StateVerb};
use crate::cli::exit::{Exit, Trouble};
use crate::cli::{output, session};
use serde_json::json;
use thinking_store::StoreError;

/// What to do about damage that `verify` itself found.
const BEYOND_VERIFY: &str =
    "put back a copy of the state made before, or begin anew: move the state's directory away and run `thinking apply`";

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
            let verified = thinking_store_lmdb::verify(&directory).map_err(|error| match error {
                // What usually helps is what was just done.
                StoreError::Unusable { message, help } if help.contains("state verify") => {
                    StoreError::Unusable { message, help: BEYOND_VERIFY.to_owned() }
                }
                other => other,
            })?;
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
