//! The `thinking` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    thinking::main()
}
