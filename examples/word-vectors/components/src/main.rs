//! `thinking` with the components of this crate in it.

use std::process::ExitCode;
use word_vectors as _;

fn main() -> ExitCode {
    thinking::main()
}
