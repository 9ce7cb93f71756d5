//! What a step is, as text whose change is a reason to run it again.

use thinking_diagnostic::Span;

/// 16 bytes of blake3: enough to tell contents apart, short enough to keep many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Digest(pub [u8; 16]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The digest of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    Digest(short)
}

/// One part of a definition: what it is called, its canonical text, and where each piece of the text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionPart {
    /// What it is: `rhai`, `exec argument 2`, `call file.copy to`.
    pub label: String,
    /// Canonical text: no layout, no comments.
    pub text: String,
    /// `(offset in text, place)`, ascending.
    pub places: Vec<(u32, Span)>,
}

/// What a step is: its body after facets, and its inputs and outputs. Names, descriptions, retries and timeouts are no part of it: they do
/// not change what it makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// The parts, in a fixed order.
    pub parts: Vec<DefinitionPart>,
}

impl Definition {
    /// Bytes to store and to compare: labels and texts, without places.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts: Vec<(&str, &str)> = self.parts.iter().map(|part| (&*part.label, &*part.text)).collect();
        serde_json::to_vec(&parts).unwrap_or_default()
    }

    /// The first difference from a stored definition: a phrase such as "its `rhai` changed", and where that is now. `None` if they are equal.
    #[must_use]
    pub fn difference(&self, stored: &[u8]) -> Option<(String, Option<Span>)> {
        let old: Vec<(String, String)> = serde_json::from_slice(stored).unwrap_or_default();
        let new: Vec<(&str, &str)> = self.parts.iter().map(|part| (&*part.label, &*part.text)).collect();
        for (at, part) in self.parts.iter().enumerate() {
            let first = part.places.first().map(|(_, span)| *span);
            let Some((label, text)) = old.get(at) else { return Some((format!("{} was added", part.label), first)) };
            if *label != part.label {
                let (known, stays) =
                    (old.iter().any(|(other, _)| *other == part.label), new.iter().any(|(other, _)| other == label));
                return Some(match (known, stays) {
                    (false, true) => (format!("{} was added", part.label), first),
                    (true, false) => (format!("{label} was removed"), first),
                    _ => (format!("{label} became {}", part.label), first),
                });
            }
            if *text != part.text {
                let same = text.bytes().zip(part.text.bytes()).take_while(|(a, b)| a == b).count() as u32;
                let near = part.places.partition_point(|(offset, _)| *offset <= same).saturating_sub(1);
                let place = part.places.get(near).map(|(_, span)| *span).or(first);
                return Some((format!("{} changed", part.label), place));
            }
        }
        (old.len() > new.len()).then(|| {
            let gone = old.get(new.len()).map_or("a part", |(label, _)| label);
            let last = self.parts.last().and_then(|part| part.places.first()).map(|(_, span)| *span);
            (format!("{gone} was removed"), last)
        })
    }
}
