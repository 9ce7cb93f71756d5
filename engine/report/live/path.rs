//! Paths with keys, looked at without taking them apart: `fit/epoch[3]/train`.

/// Whether a task's path leads into that container.
pub(super) fn inside(container: &str, path: &str) -> bool {
    matches!(path.as_bytes().get(container.len()), Some(b'/' | b'[')) && path.starts_with(container)
}

/// Where the key ends that begins with `[` at `start`: the place after its `]`. Quoted keys may hold anything.
pub(super) fn key_end(path: &str, start: usize) -> Option<usize> {
    let bytes = path.as_bytes();
    if bytes.get(start) != Some(&b'[') {
        return None;
    }
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Adds the path without its keys: `fit/epoch/train`.
pub(super) fn push_unkeyed(out: &mut String, path: &str) {
    let mut rest = path;
    while let Some(start) = rest.find('[') {
        out.push_str(&rest[..start]);
        rest = key_end(rest, start).map_or("", |end| &rest[end..]);
    }
    out.push_str(rest);
}

/// The outermost task's name.
pub(super) fn top(path: &str) -> &str {
    path.find(['/', '[']).map_or(path, |end| &path[..end])
}

/// The last task's name with the key of its iteration, if it is a loop's.
pub(super) fn name<'p>(container: Option<&str>, path: &'p str) -> &'p str {
    let Some(container) = container.filter(|container| inside(container, path)) else { return path };
    let start = key_end(path, container.len()).unwrap_or(container.len());
    path[start..].trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::{inside, key_end, name, push_unkeyed, top};

    #[test]
    fn paths_with_keys() {
        let cases = [
            ("prepare", "prepare", "prepare"),
            ("fit/epoch[3]/train", "fit/epoch/train", "fit"),
            ("epoch[3]", "epoch", "epoch"),
            ("a[\"x]/[y\"]/b[2]/c", "a/b/c", "a"),
            ("a[\"x\\\"]\"]/b", "a/b", "a"),
            ("cut[\"off", "cut", "cut"),
            ("", "", ""),
        ];
        for (path, unkeyed, first) in cases {
            let mut out = String::new();
            push_unkeyed(&mut out, path);
            assert_eq!((out.as_str(), top(path)), (unkeyed, first), "{path}");
        }
        assert_eq!(key_end("fit/epoch[3]/train", 9), Some(12));
        assert_eq!(key_end("fit/epoch[3]/train", 3), None);
    }

    #[test]
    fn what_is_in_what() {
        assert!(inside("fit/epoch", "fit/epoch[3]/train"));
        assert!(inside("fit", "fit/epoch[3]/train"));
        assert!(!inside("fit", "fitting/x"));
        assert!(!inside("fit", "fit"));
        assert_eq!(name(Some("fit/epoch"), "fit/epoch[\"a/b\"]/train"), "train");
        assert_eq!(name(Some("fit"), "fit/epoch"), "epoch");
        assert_eq!(name(None, "fit/epoch"), "fit/epoch");
        assert_eq!(name(Some("other"), "fit/epoch"), "fit/epoch");
    }
}
