#![allow(unused)]
extern crate thinking_native as thinking;
use thinking::prelude::*;

#[step("a.one")]
async fn waits() {}

#[step("a.two")]
fn generic<T>(#[arg] it: T) {}

#[step("a.three", reads = ["from", "form"])]
fn reads(#[arg] from: &str) {}

#[step("a.four", class = "fast")]
fn class() {}

#[step("a.five", version = "new")]
fn version() {}

#[step("a.six", retry = 3)]
fn option() {}

#[step("a.seven")]
fn marks(#[arg(5)] count: usize, #[arg = 5] other: usize) {}

#[step("a.nine")]
fn borrows(words: &dyn std::fmt::Display) {}

#[step("a.eight")]
struct NoFunction;

fn main() {}
