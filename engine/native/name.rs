//! Names of Rust types as names of interfaces.

/// The name of an interface or component: the last word of a type's path in kebab-case (`dyn words::Tokenizer` → `tokenizer`).
pub(crate) fn of<T: ?Sized>() -> String {
    kebab(last_word(std::any::type_name::<T>()))
}

fn last_word(path: &str) -> &str {
    let path = path.strip_prefix("dyn ").unwrap_or(path);
    // Generic arguments and further bounds have paths of their own.
    let end = path.find(['<', ' ']).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let starts = before.is_some_and(|before| {
            *before != '_' && (!before.is_uppercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()))
        });
        if *letter == '_' || (letter.is_uppercase() && starts) {
            out.push('-');
        }
        if *letter != '_' {
            out.extend(letter.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{kebab, last_word};

    #[test]
    fn types_become_names() {
        let cases = [
            ("dyn words::text::Tokenizer", "tokenizer"),
            ("words::MinCount", "min-count"),
            ("dyn words::HTTPClient + core::marker::Send", "http-client"),
            ("dyn math::Operator<words::Number>", "operator"),
            ("Skipgram2D", "skipgram2-d"),
            ("Under_Score", "under-score"),
        ];
        for (path, name) in cases {
            assert_eq!(kebab(last_word(path)), name, "{path}");
        }
    }
}
