//! `thinking schema`

use crate::cli::exit::{Exit, Trouble};
use crate::cli::output;

pub(crate) fn run() -> Result<Exit, Trouble> {
    output::data(thinking_schema::PUBLISHED);
    Ok(Exit::Done)
}
