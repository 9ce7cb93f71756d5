//! The `thinking` program.
fn main() {}
