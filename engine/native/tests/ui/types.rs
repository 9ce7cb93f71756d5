#![allow(unused)]
extern crate thinking_native as thinking;
use thinking::prelude::*;

trait Tokenizer: Send + Sync {}

#[component]
struct Injects {
    #[inject]
    count: String,
}

#[component(provides = Tokenizer)]
struct Claims;

struct NoComponent;

#[operations]
impl NoComponent {
    pub fn it(&self) {}
}

#[step("count")]
fn unmarked(min_count: usize) {}

fn main() {}
