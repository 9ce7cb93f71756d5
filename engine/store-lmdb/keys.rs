//! Every table, key and byte code on disk. A retired code is never used again.

use thinking_store::{DatabaseId, SegmentId, Seq};

/// Version of the layout in this and the neighbouring file; written to the `format` file.
pub(crate) const FORMAT: u32 = 1;

/// The tables, in the order in which a group is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// `head` → epoch, next segment, entries; `identity` → the state's id.
    Meta,
    /// name → pieces and previous pieces.
    Lines,
    /// seq → segment and entry.
    Journal,
    /// database, key, segment, seq → value or tombstone.
    Data,
    /// database, segment, seq → nothing: the database was cleared there.
    Clears,
    /// task key, segment, seq → nothing: the task's entry stands at that seq.
    Done,
    /// number → interned content.
    Interns,
    /// hash of an interned content → number.
    Contents,
    /// number → name.
    Databases,
    /// number → the run's record.
    Runs,
    /// name → note.
    Notes,
}

impl Table {
    /// All of them; the position is the index in every array of tables.
    pub(crate) const ALL: [Self; 11] = [
        Self::Meta,
        Self::Lines,
        Self::Journal,
        Self::Data,
        Self::Clears,
        Self::Done,
        Self::Interns,
        Self::Contents,
        Self::Databases,
        Self::Runs,
        Self::Notes,
    ];

    /// Name in the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Lines => "lines",
            Self::Journal => "journal",
            Self::Data => "data",
            Self::Clears => "clears",
            Self::Done => "done",
            Self::Interns => "interns",
            Self::Contents => "contents",
            Self::Databases => "databases",
            Self::Runs => "runs",
            Self::Notes => "notes",
        }
    }
}

/// Key of the head record in `meta`.
pub(crate) const HEAD: &[u8] = b"head";
/// Key of the state's id in `meta`.
pub(crate) const IDENTITY: &[u8] = b"identity";

/// First byte of a value in `data`: the key was deleted.
pub(crate) const TAG_TOMBSTONE: u8 = 0;
/// First byte of a value in `data`: the bytes follow.
pub(crate) const TAG_INLINE: u8 = 1;
/// First byte of a value in `data`: a blob's digest and length follow.
pub(crate) const TAG_BLOB: u8 = 2;

/// First byte of a note: it was removed (only in memory; on disk the row goes).
pub(crate) const NOTE_REMOVED: u8 = 0;
/// First byte of a note: name and bytes follow.
pub(crate) const NOTE_SET: u8 = 1;

/// First byte of an entry's body.
pub(crate) mod entry {
    pub(crate) const STEP: u8 = 1;
    pub(crate) const RUN_STARTED: u8 = 2;
    pub(crate) const RUN_STOPPED: u8 = 3;
    pub(crate) const ATTEMPT: u8 = 4;
    pub(crate) const FAILED: u8 = 5;
    pub(crate) const LINE_CHANGED: u8 = 6;
}

/// How a step ended.
pub(crate) mod outcome {
    pub(crate) const DONE: u8 = 1;
    pub(crate) const SKIPPED: u8 = 2;
}

/// How a run stands.
pub(crate) mod status {
    pub(crate) const RUNNING: u8 = 1;
    pub(crate) const DONE: u8 = 2;
    pub(crate) const FAILED: u8 = 3;
    pub(crate) const INTERRUPTED: u8 = 4;
    pub(crate) const STOPPED: u8 = 5;
    pub(crate) const ABANDONED: u8 = 6;
}

/// Bytes of the version at the end of a key: `!segment ‖ !seq`, so that newer versions come first.
pub(crate) const SUFFIX: usize = 12;
/// The version at the end of a key.
pub(crate) type Suffix = [u8; SUFFIX];

/// Most escaped bytes of a key that are kept as they are; LMDB's own limit is 511 for everything.
const LONGEST: usize = 440;
/// Ends a key that is there in full.
const END: [u8; 2] = [0, 0];
/// Ends the kept first part of a longer key; a hash of the whole key follows. It sorts between [`END`] and an escaped zero, so that the long
/// keys with one first part stand together, after the key that is just that part and before every key that goes on differently.
const END_LONG: [u8; 2] = [0, 1];
/// A zero byte inside a key.
const ESCAPED_ZERO: [u8; 2] = [0, 0xff];
/// Bytes of the hash of a long key.
const HASH: usize = 16;

/// A key without its version, and whether the whole key must be kept in the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) bytes: Vec<u8>,
    pub(crate) long: bool,
}

/// What a group of versions is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupKey {
    /// The whole key.
    Whole(Vec<u8>),
    /// The whole key stands in the value.
    InValue,
}

/// The group of a key of a database.
pub(crate) fn data_group(database: DatabaseId, key: &[u8]) -> Group {
    group(&database.0.to_be_bytes(), key)
}

/// The group of a task.
pub(crate) fn task_group(task: &[u8]) -> Group {
    group(&[], task)
}

/// The group of a database's clears.
pub(crate) fn clear_group(database: DatabaseId) -> Group {
    let mut bytes = Vec::with_capacity(2 + SUFFIX);
    bytes.extend_from_slice(&database.0.to_be_bytes());
    Group { bytes, long: false }
}

fn group(head: &[u8], key: &[u8]) -> Group {
    // With room for the version, and no more for a usual key: these bytes become the row's key without another allocation.
    let zeros = key.iter().take(LONGEST).filter(|byte| **byte == 0).count();
    let escaped = key.len() + zeros;
    let room = if escaped > LONGEST { LONGEST + HASH } else { escaped };
    let mut bytes = Vec::with_capacity(head.len() + room + END.len() + SUFFIX);
    bytes.extend_from_slice(head);
    let long = escape(key, &mut bytes);
    if long {
        bytes.extend_from_slice(&END_LONG);
        bytes.extend_from_slice(blake3::hash(key).as_bytes().get(..HASH).unwrap_or_default());
    } else {
        bytes.extend_from_slice(&END);
    }
    Group { bytes, long }
}

/// First bytes of all groups whose keys start with `prefix`. A prefix too long to be kept gives the first bytes of all long keys with its
/// first part; whoever walks them compares the whole keys.
pub(crate) fn group_prefix(head: &[u8], prefix: &[u8]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    if escape(prefix, &mut bytes) {
        bytes.extend_from_slice(&END_LONG);
    }
    bytes
}

/// The first bytes behind which everything after `key` stands. For a long key that is the start of its neighbours, which come in the order of
/// their hashes; whoever walks them compares the whole keys.
pub(crate) fn after_key(head: &[u8], key: &[u8]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    if escape(key, &mut bytes) {
        bytes.extend_from_slice(&END_LONG);
        bytes
    } else {
        bytes.extend_from_slice(&END);
        after_group(&bytes)
    }
}

/// The first bytes behind all versions of a group.
pub(crate) fn after_group(group: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(group.len() + SUFFIX + 1);
    bytes.extend_from_slice(group);
    bytes.extend_from_slice(&[0xff; SUFFIX]);
    bytes.push(0);
    bytes
}

/// Appends the escaped key, or as much of it as is kept; true if that is not all. Cuts between bytes of the key, never inside an escape.
fn escape(key: &[u8], bytes: &mut Vec<u8>) -> bool {
    let mut room = LONGEST;
    for byte in key {
        let needed = if *byte == 0 { 2 } else { 1 };
        if room < needed {
            return true;
        }
        room -= needed;
        if *byte == 0 {
            bytes.extend_from_slice(&ESCAPED_ZERO);
        } else {
            bytes.push(*byte);
        }
    }
    false
}

/// Reads a group's key back; `head` bytes of the database are skipped. `None` if it is none that this file wrote.
pub(crate) fn group_key(group: &[u8], head: usize) -> Option<GroupKey> {
    let mut key = Vec::with_capacity(group.len());
    let mut rest = group.get(head..)?.iter();
    while let Some(byte) = rest.next() {
        if *byte != 0 {
            key.push(*byte);
            continue;
        }
        match rest.next()? {
            0xff => key.push(0),
            0 => return rest.as_slice().is_empty().then_some(GroupKey::Whole(key)),
            1 => return (rest.as_slice().len() == HASH).then_some(GroupKey::InValue),
            _ => return None,
        }
    }
    None
}

/// First bytes that a group of long keys shares with its neighbours, or `None` for a key that is there in full.
pub(crate) fn neighbours(group: &[u8], head: usize) -> Option<&[u8]> {
    match group_key(group, head)? {
        GroupKey::Whole(_) => None,
        GroupKey::InValue => group.get(..group.len().checked_sub(HASH)?),
    }
}

/// The version at the end of a key.
pub(crate) fn suffix(segment: SegmentId, seq: Seq) -> Suffix {
    let mut bytes = [0; SUFFIX];
    let (first, last) = bytes.split_at_mut(4);
    first.copy_from_slice(&(!segment.0).to_be_bytes());
    last.copy_from_slice(&(!seq.0).to_be_bytes());
    bytes
}

/// Reads a version back.
pub(crate) fn version(suffix: &Suffix) -> (SegmentId, Seq) {
    let [a, b, c, d, rest @ ..] = *suffix;
    (SegmentId(!u32::from_be_bytes([a, b, c, d])), Seq(!u64::from_be_bytes(rest)))
}

/// A key's group and version.
pub(crate) fn split(key: &[u8]) -> Option<(&[u8], Suffix)> {
    let (group, suffix) = key.split_last_chunk::<SUFFIX>()?;
    Some((group, *suffix))
}

/// Key of a journal entry.
pub(crate) fn journal_key(seq: Seq) -> [u8; 8] {
    seq.0.to_be_bytes()
}

/// Reads a journal key back.
pub(crate) fn journal_seq(key: &[u8]) -> Option<Seq> {
    key.try_into().ok().map(|bytes| Seq(u64::from_be_bytes(bytes)))
}

/// Key of a row by name; the name itself stands in the value.
pub(crate) fn name_key(name: &str) -> Vec<u8> {
    if name.len() <= LONGEST {
        let mut bytes = vec![0];
        bytes.extend_from_slice(name.as_bytes());
        bytes
    } else {
        let mut bytes = vec![1];
        bytes.extend_from_slice(blake3::hash(name.as_bytes()).as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_come_back() {
        let long = vec![b'x'; 439];
        let mut with_zero = long.clone();
        with_zero.push(0);
        let mut with_letter = long.clone();
        with_letter.push(b'a');
        let mut longer = with_letter.clone();
        longer.push(b'b');
        let keys: Vec<Vec<u8>> = vec![
            vec![],
            vec![0],
            vec![0, 0],
            vec![0, 1],
            vec![0, 0xff],
            vec![1],
            b"a".to_vec(),
            b"a\0b".to_vec(),
            b"ab".to_vec(),
        ]
        .into_iter()
        .chain([long, with_zero, with_letter, longer])
        .collect();
        assert!(keys.is_sorted());
        let groups: Vec<Group> = keys.iter().map(|key| data_group(DatabaseId(7), key)).collect();
        assert!(groups.iter().map(|group| &group.bytes).is_sorted());
        for (key, group) in keys.iter().zip(&groups) {
            assert!(group.bytes.len() + SUFFIX <= 511);
            let expected = if group.long { GroupKey::InValue } else { GroupKey::Whole(key.clone()) };
            assert_eq!(group_key(&group.bytes, 2), Some(expected));
            assert!(after_key(&7u16.to_be_bytes(), key) > group_prefix(&7u16.to_be_bytes(), key) || group.long);
        }
    }

    #[test]
    fn newer_versions_come_first() {
        let old = suffix(SegmentId(1), Seq(5));
        let new = suffix(SegmentId(1), Seq(6));
        let other = suffix(SegmentId(2), Seq(1));
        assert!(other < new && new < old);
        assert_eq!(version(&new), (SegmentId(1), Seq(6)));
    }
}
