#![allow(unused)]
extern crate thinking_native as thinking;
use thinking::prelude::*;

struct Odd;

#[component]
struct Model;

#[operations]
impl Model {
    pub fn take(&self, odd: Odd) {}

    pub fn give(&self) -> Odd {
        Odd
    }
}

fn main() {}
