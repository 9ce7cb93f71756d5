//! `thinking schema`

use crate::cli::args::SchemaArgs;
use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Trouble> {
    let schema = match (args.events, args.test_events) {
        (true, _) => thinking_schema::EVENTS,
        (false, true) => thinking_schema::TEST_EVENTS,
        (false, false) => thinking_schema::PUBLISHED,
    };
    output::data(schema);
    Ok(Exit::Done)
}
