//! Nodes of a composed manifest.

use crate::located::Located;
use thinking_diagnostic::Span;

/// A node that is more than one value: `step "train" retry=2 { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its word: `step`.
    pub word: String,
    /// What tells it from its siblings of the same word.
    pub name: Option<String>,
    /// Its name and arguments, or its word.
    pub span: Span,
    /// In the order of the text: positional arguments first.
    pub children: Vec<Child>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Child {
    /// A value, or a list of plain values.
    Setting(Setting),
    /// A block.
    Node(Node),
}

/// A value of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The property: `retry`.
    pub name: String,
    /// How it is written.
    pub written: Written,
    /// The value; of a list several.
    pub values: Vec<Located>,
    /// Where it stands.
    pub span: Span,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// `step "train"`
    Argument,
    /// `step retry=2`
    Property,
    /// `step { retry 2 }`
    Child,
}

impl Node {
    /// The values, wherever they are written.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.children.iter().filter_map(|child| match child {
            Child::Setting(setting) => Some(setting),
            Child::Node(_) => None,
        })
    }

    /// The blocks.
    pub fn nodes(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Node(node) => Some(node),
            Child::Setting(_) => None,
        })
    }
}
