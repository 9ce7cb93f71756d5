//! A difference in words.

use super::{Difference, What};
use crate::faults::Killed;

/// Most characters of a value.
const MOST: usize = 72;
/// Characters before the first one that differs.
const BEFORE: usize = 24;

impl Difference {
    /// One line: which step is to blame, as far as that can be told, and where it shows.
    #[must_use]
    pub fn message(&self, killed: &Killed) -> String {
        let shows = match &self.step {
            Some(step) if killed.repeated() == Some(step) => format!("it shows in {}", self.what),
            Some(step) if !matches!(self.what, What::Outcome | What::Result) => {
                format!("it shows in {}, which `{step}` wrote", self.what)
            }
            Some(step) => format!("it shows in {} of `{step}`", self.what),
            None => format!("it shows in {}", self.what),
        };
        match killed.repeated() {
            Some(step) => format!("step `{step}` is not safe to repeat: {shows}"),
            None => format!("killed and resumed, the pipeline leaves something else: {shows}"),
        }
    }

    /// What there was, what there is, when the process was killed, and what to do.
    #[must_use]
    pub fn details(&self, killed: &Killed) -> Vec<String> {
        let mut lines = vec![
            format!("undisturbed:    {}", self.undisturbed),
            format!("after the kill: {}", self.disturbed),
            killed.to_string(),
        ];
        if self.more > 0 {
            lines.push(format!(
                "{} more {}",
                self.more,
                if self.more == 1 { "thing differs" } else { "things differ" }
            ));
        }
        lines
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self, killed: &Killed) -> String {
        match killed.repeated() {
            Some(step) => format!(
                "what `{step}` does outside of databases and declared outputs is done twice after a kill: make it so that \
                 twice leaves what once does (write a whole file instead of adding to one, ask first whether it is there, \
                 give a server the idempotency key), or declare what it writes as `output`"
            ),
            None => {
                "nothing was done twice here: look for what depends on the process or on its time, as the memory of a \
                     component that is not `persistent`, what hooks do at each start, or the clock"
                    .to_owned()
            }
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Outcome => formatter.write_str("the outcome"),
            Self::Result => formatter.write_str("the result"),
            Self::Data { database, key } => write!(formatter, "`{key}` in the database `{database}`"),
            Self::State { component, part } if part.is_empty() => {
                write!(formatter, "the state of the component `{component}`")
            }
            Self::State { component, part } => {
                write!(formatter, "`{part}` in the state of the component `{component}`")
            }
            Self::Output(path) => write!(formatter, "the output `{path}`"),
            Self::File(path) => write!(formatter, "the file `{path}`"),
            Self::Internal(database) => write!(formatter, "what the database `{database}` keeps for itself"),
        }
    }
}

/// Both texts in one line each, shortened to where they differ first.
pub(super) fn around(one: &str, other: &str) -> (String, String) {
    let (one, other): (Vec<char>, Vec<char>) = (line(one), line(other));
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let long = one.len().max(other.len()) > MOST;
    let from = if long { same.saturating_sub(BEFORE) } else { 0 };
    let cut = |text: &[char]| {
        let rest = text.get(from..).unwrap_or_default();
        let mut shown: String = if from > 0 { "…".to_owned() } else { String::new() };
        shown.extend(rest.iter().take(MOST));
        if rest.len() > MOST {
            shown.push('…');
        }
        shown
    };
    (cut(&one), cut(&other))
}

/// Control characters as Rust writes them, so that each is seen and none acts.
fn line(text: &str) -> Vec<char> {
    let shown = |letter: char| match letter.is_control() {
        true => letter.escape_default().collect::<Vec<_>>(),
        false => vec![letter],
    };
    text.chars().flat_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::around;

    #[test]
    fn texts_are_cut_to_where_they_differ() {
        let pair = |one: &str, other: &str| around(one, other);
        assert_eq!(pair("a\tb", "a\u{1b}[0m"), ("a\\tb".into(), "a\\u{1b}[0m".into()));
        let long = |end: &str| format!("{}{end}", "0123456789".repeat(20));
        let (one, other) = pair(&long("x"), &long("yz"));
        assert_eq!((&*one, &*other), ("…678901234567890123456789x", "…678901234567890123456789yz"));
        let (one, other) = pair("", &"é".repeat(100));
        assert_eq!((&*one, other.chars().count()), ("", 73));
        assert!(other.ends_with('…'));
    }
}
