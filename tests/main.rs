//! From the outside, through the binary: one file per verb or promise, plus data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test may fail loudly")]

mod apply;
mod cli;
mod components;
mod crash;
mod databases;
mod doctor;
mod doubles;
mod examples;
mod explain;
mod fakes;
mod fmt;
mod fuzz;
mod graph;
mod growth;
mod guidance;
mod help;
mod init;
mod logs;
mod looks;
mod manifests;
mod past;
mod permissions;
mod readme;
mod recording;
mod rhai;
mod runner;
mod screens;
mod shipped;
mod state;
mod suites;
mod support;
mod terminal;
#[cfg(feature = "opentelemetry")]
mod traces;
mod wait;
mod wired;
