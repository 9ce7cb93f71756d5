#![allow(unused)]
extern crate thinking_native as thinking;
use thinking::prelude::*;

#[component]
struct Model;

#[operations]
impl Model {
    pub fn change(&mut self) {}

    pub fn consume(self) {}

    pub async fn wait(&self) {}

    pub fn generic<T>(&self, it: T) {}

    pub fn anything(&self, it: impl Into<String>) {}

    pub fn in_place(&self, numbers: &mut Vec<f32>) {}

    pub fn taken_apart(&self, (one, other): (u32, u32)) {}

    pub fn borrowed(&self) -> Option<&str> {
        None
    }

    #[operation]
    fn hidden(&self) {}

    #[operation(pure)]
    pub fn nobody(text: &str) {}

    #[operation(slow)]
    pub fn unknown_class(&self) {}
}

#[operations]
impl Model {
    fn not_public(&self) {}
}

#[operations]
struct NoBlock;

fn main() {}
