//! Nodes to lines of KDL.

use super::node::{Child, Node, Setting, Written};
use super::string::{block, literal, literals, name, quoted};
use thinking_diagnostic::Span;

const INDENT: usize = 4;

/// A line of KDL (several, where a long text is in it), and what stands on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The text, indented, without a line end at its end.
    pub code: String,
    /// Where the node or value comes from; `None` for what closes a block.
    pub span: Option<Span>,
    /// The other values on it, by their properties.
    pub values: Vec<(String, Span)>,
}

/// The text of nodes, line by line.
#[must_use]
pub fn lines(children: &[Child]) -> Vec<Line> {
    let mut all = Vec::new();
    for (number, child) in children.iter().enumerate() {
        // What is big stands apart.
        let big = |child: &Child| matches!(child, Child::Node(node) if node.nodes().next().is_some());
        if number > 0 && (big(child) || children.get(number - 1).is_some_and(big)) {
            all.push(Line { code: String::new(), span: None, values: Vec::new() });
        }
        write(child, 0, &mut all);
    }
    all
}

fn write(child: &Child, indent: usize, all: &mut Vec<Line>) {
    match child {
        Child::Setting(setting) => all.push(value_line(setting, indent)),
        Child::Node(node) => write_node(node, indent, all),
    }
}

fn write_node(node: &Node, indent: usize, all: &mut Vec<Line>) {
    let mut code = format!("{}{}", " ".repeat(indent), name(&node.word));
    let mut values = Vec::new();
    for setting in node.settings() {
        match setting.written {
            Written::Argument => {
                code.push(' ');
                code.push_str(&literals(&setting.values));
            }
            Written::Property => {
                code.push_str(&format!(" {}={}", name(&setting.name), literals(&setting.values)));
            }
            Written::Child => continue,
        }
        // What names it is the same in every text that overlays it.
        if !node.is_named_by(setting) {
            values.push((setting.name.clone(), setting.span));
        }
    }
    let inside: Vec<&Child> = node.children.iter().filter(|child| !is_inline(child)).collect();
    // A block with nothing in it is no plain value.
    let empty = inside.is_empty() && !node.settings().any(|setting| setting.written == Written::Property);
    if empty && (node.children.is_empty() || node.settings().any(|setting| setting.name == "-")) {
        code.push_str(" {}");
    }
    if inside.is_empty() {
        return all.push(Line { code, span: Some(node.span), values });
    }
    code.push_str(" {");
    all.push(Line { code, span: Some(node.span), values });
    for child in inside {
        write(child, indent + INDENT, all);
    }
    all.push(Line { code: format!("{}}}", " ".repeat(indent)), span: None, values: Vec::new() });
}

fn is_inline(child: &Child) -> bool {
    matches!(child, Child::Setting(setting) if setting.written != Written::Child)
}

fn value_line(setting: &Setting, indent: usize) -> Line {
    let text = match &*setting.values {
        [only] => {
            let long = only.text().and_then(|text| block(text, indent + INDENT));
            long.unwrap_or_else(|| literal(only))
        }
        several => literals(several),
    };
    let code = format!("{}{} {text}", " ".repeat(indent), name(&setting.name));
    // What is added to a list may come from elsewhere.
    let values = setting.values.iter().skip(1).map(|value| (literal(value), value.span)).collect();
    Line { code, span: Some(setting.span), values }
}

impl Node {
    /// What it is among its siblings: `step train`.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) if name.is_empty() || name.contains(char::is_whitespace) => {
                format!("{} {}", self.word, quoted(name))
            }
            Some(name) => format!("{} {name}", self.word),
            None => self.word.clone(),
        }
    }

    fn is_named_by(&self, setting: &Setting) -> bool {
        let own = matches!(&*setting.values, [only] if only.text().is_some() && only.text() == self.name.as_deref());
        own && setting.written == Written::Argument
    }

    /// What it holds, on one line: values, and `{ … }` for blocks.
    #[must_use]
    pub fn contents(&self) -> String {
        let mut words = Vec::new();
        for setting in self.settings() {
            let named =
                matches!(&*setting.values, [only] if only.text().is_some() && only.text() == self.name.as_deref());
            match setting.written {
                Written::Argument if named => {}
                Written::Argument => words.push(literals(&setting.values)),
                Written::Property | Written::Child if setting.values.len() == 1 => {
                    words.push(format!("{}={}", name(&setting.name), literals(&setting.values)));
                }
                Written::Property | Written::Child => {
                    words.push(format!("{} {}", name(&setting.name), literals(&setting.values)));
                }
            }
        }
        if self.nodes().next().is_some() {
            words.push("{ … }".to_owned());
        }
        words.join(" ")
    }
}
