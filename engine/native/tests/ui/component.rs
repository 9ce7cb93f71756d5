#![allow(unused)]
extern crate thinking_native as thinking;
use thinking::prelude::*;

#[component]
enum Either {
    One,
    Other,
}

#[component]
struct Generic<T> {
    it: T,
}

#[component]
struct Pair(u32, u32);

#[component("Text Split")]
struct BadName;

#[component("text.split", provide = Tokenizer)]
struct UnknownOption {
    #[inject]
    words: Kv,
}

#[operations]
impl UnknownOption {
    pub fn it(&self) {}
}

#[component("text.split", provides = "tokenizer")]
struct ProvidesText;

#[component]
struct KeepsPlainly {
    #[state]
    seen: u32,
}

#[component]
struct KeepsUnmarked {
    seen: State<u32>,
}

#[component]
struct Both {
    #[state]
    #[inject]
    seen: State<u32>,
}

#[component]
struct MarkedWithMore {
    #[inject(words)]
    it: Kv,
}

#[component]
struct Unmarked {
    words: Option<Kv>,
    all: Vec<Inject<dyn Send + Sync>>,
}

fn main() {}
