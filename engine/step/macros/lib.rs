//! Marks Rust code as components, operations and steps.
