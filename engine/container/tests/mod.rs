//! Wiring, lifecycle and the live container, against cases written as data and against models.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod cases;
mod choosing;
mod failing;
mod lifecycle;
mod living;
mod property;
mod world;
