//! `thinking schema`

use crate::cli::args::SchemaArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Trouble> {
    output::data(if args.events { thinking_schema::EVENTS } else { thinking_schema::PUBLISHED });
    Ok(Exit::Done)
}
