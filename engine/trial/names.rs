//! Names of tests as names of files.

/// A name that every file system takes: letters, digits, `-`, `_` and `.`; what else there is becomes `-`.
pub(crate) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let text: String = name.chars().map(plain).collect();
    let text = text.trim_matches(['-', '.']);
    match text.char_indices().nth(100) {
        // What is cut off may be what tells two names apart.
        Some((end, _)) => format!("{}-{:08x}", &text[..end], checksum(name)),
        None if text.is_empty() => format!("{:08x}", checksum(name)),
        None => text.to_owned(),
    }
}

/// FNV-1a, 32 bits: the same in every version of the program.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_files() {
        for (name, file) in
            [("splits on spaces", "splits-on-spaces"), ("../x", "x"), ("größe 1.5", "größe-1.5"), ("///", "1d37d324")]
        {
            assert_eq!(super::file_name(name), file);
        }
        assert_ne!(super::file_name(&"a".repeat(200)), super::file_name(&"a".repeat(201)));
    }
}
