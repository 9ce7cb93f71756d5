//! Looking things up in a JSON Schema.

use serde_json::{Map, Value};

/// A place in a schema, with references followed.
#[derive(Clone, Copy)]
pub(crate) struct View<'s> {
    root: &'s Value,
    own: &'s Value,
    target: &'s Value,
}

impl<'s> View<'s> {
    /// A definition of a schema.
    pub fn definition(root: &'s Value, name: &str) -> Self {
        let own = &root["$defs"][name];
        Self::at(root, own)
    }

    /// A place in a schema.
    pub fn at(root: &'s Value, own: &'s Value) -> Self {
        let mut target = own;
        // References of this schema do not form chains longer than a few.
        for _ in 0..8 {
            let Some(reference) = target.get("$ref").and_then(Value::as_str) else { break };
            target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).unwrap_or(&Value::Null);
        }
        Self { root, own, target }
    }

    /// A place where everything fits.
    pub fn any() -> Self {
        View::at(&Value::Bool(true), &Value::Bool(true))
    }

    /// A keyword here, or where the reference leads.
    pub fn keyword(self, name: &str) -> Option<&'s Value> {
        self.own.get(name).or_else(|| self.target.get(name))
    }

    fn properties(self) -> Option<&'s Map<String, Value>> {
        self.keyword("properties").and_then(Value::as_object)
    }

    pub fn property(self, name: &str) -> Option<Self> {
        self.properties()?.get(name).map(|own| Self::at(self.root, own))
    }

    pub fn property_names(self) -> impl Iterator<Item = &'s str> {
        self.properties().into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    /// What unknown properties must be; `None` if there may be none.
    pub fn additional(self) -> Option<Self> {
        match self.keyword("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(own) => Some(Self::at(self.root, own)),
            None => Some(Self::at(self.root, &Value::Bool(true))),
        }
    }

    pub fn items(self) -> Self {
        Self::at(self.root, self.keyword("items").unwrap_or(&Value::Bool(true)))
    }

    /// Whether a value of that JSON type can be right.
    pub fn allows(self, kind: &str) -> bool {
        match self.keyword("type") {
            None => true,
            Some(Value::String(only)) => only == kind || (kind == "integer" && only == "number"),
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind || (kind == "integer" && one == "number")),
            Some(_) => false,
        }
    }

    pub fn is_any(self) -> bool {
        self.keyword("type").is_none()
    }

    pub fn allows_scalar(self) -> bool {
        ["string", "integer", "number", "boolean"].iter().any(|kind| self.allows(kind))
    }

    /// A map of nodes by their first argument.
    pub fn is_keyed(self) -> bool {
        self.keyword("x-kdl-key").is_some()
    }

    pub fn flag(self, keyword: &str) -> bool {
        self.keyword(keyword) == Some(&Value::Bool(true))
    }

    /// The names of a keyword that lists properties.
    pub fn names(self, keyword: &str) -> Vec<&'s str> {
        self.keyword(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The property that holds tasks, and the task's schema (one property per kind).
    pub fn tasks(self) -> Option<(&'s str, Self)> {
        let (name, own) = self.properties()?.iter().find(|(_, own)| own.get("x-kdl-tasks").is_some())?;
        Some((name, Self::at(self.root, own).items()))
    }

    /// The property that takes in, as free trees, all children that are not listed.
    pub fn others(self) -> Option<&'s str> {
        self.keyword("x-kdl-children").and_then(Value::as_str)
    }

    /// Whether a node of that name is one of the tasks here.
    pub fn child_of_tasks(self, node: &str) -> bool {
        self.tasks().is_some_and(|(_, kinds)| kinds.property(node).is_some())
    }

    /// The property that a child node of that name fills.
    pub fn child(self, node: &'s str) -> Option<(&'s str, Self)> {
        let renamed = self.keyword("x-kdl-nodes").and_then(|nodes| nodes[node].as_str());
        if renamed.is_none() && self.others().is_some() {
            return None;
        }
        let name = renamed.unwrap_or(node);
        self.property(name).map(|view| (name, view))
    }
}
