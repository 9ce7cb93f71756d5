//! One page of LMDB's, as bytes.

use crate::pages::HEADER;

/// In front of a node's key: the size of its value, its flags, the size of its key.
const NODE: usize = 8;
const BIG: u16 = 0x01;
const SUBTREE: u16 = 0x02;
/// LMDB's limit on keys.
const LONGEST_KEY: usize = 511;

/// Where a tree starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) flags: u16,
    pub(crate) depth: u16,
    pub(crate) root: u64,
}

/// What a node of a leaf holds.
pub(crate) enum Data<'a> {
    Inline(&'a [u8]),
    /// The first page of the value, and its size.
    Overflow(u64, usize),
    Tree(Record),
}

/// A node's bytes within its page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) start: usize,
    end: usize,
}

pub(crate) struct Page {
    pub(crate) bytes: Vec<u8>,
}

impl Page {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    pub(crate) fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    pub(crate) fn flags(&self) -> Option<u16> {
        self.u16(10)
    }

    pub(crate) fn record(&self, at: usize) -> Option<Record> {
        Some(Record { flags: self.u16(at + 4)?, depth: self.u16(at + 6)?, root: self.u64(at + 40)? })
    }

    /// The page's nodes, if they are as LMDB lays them out: without gaps up to the end of the page, their keys in order.
    pub(crate) fn nodes(&self, branch: bool, numbers: bool) -> Option<Vec<Node>> {
        let (lower, upper) = (usize::from(self.u16(12)?), usize::from(self.u16(14)?));
        if lower < HEADER || lower % 2 != 0 || lower > upper || upper > self.bytes.len() {
            return None;
        }
        let mut nodes = Vec::with_capacity((lower - HEADER) / 2);
        let mut last: Option<&[u8]> = None;
        for at in (HEADER..lower).step_by(2) {
            let start = usize::from(self.u16(at)?);
            let key = self.key(start)?;
            let value = match (branch, self.u16(start + 4)? & BIG != 0) {
                (true, _) => 0,
                (false, true) => 8,
                (false, false) => self.size(start)?,
            };
            let end = (start + NODE + key.len()).checked_add(value)?;
            nodes.push(Node { start, end: end + end % 2 });
            // The first key of a branch stands for all that is lower, whatever it is.
            if branch && at == HEADER {
                continue;
            }
            let ordered = match last {
                None => true,
                Some(last) if numbers => number(last)? < number(key)?,
                Some(last) => last < key,
            };
            if !ordered || key.is_empty() || numbers && key.len() != 8 {
                return None;
            }
            last = Some(key);
        }
        let mut laid = nodes.clone();
        laid.sort_unstable_by_key(|node| node.start);
        let mut free = upper;
        for node in laid {
            if node.start != free {
                return None;
            }
            free = node.end;
        }
        (free == self.bytes.len()).then_some(nodes)
    }

    fn key(&self, node: usize) -> Option<&[u8]> {
        let size = usize::from(self.u16(node + 6)?);
        self.bytes.get(node + NODE..node + NODE + size).filter(|key| key.len() <= LONGEST_KEY)
    }

    fn size(&self, node: usize) -> Option<usize> {
        Some(usize::from(self.u16(node)?) | usize::from(self.u16(node + 2)?) << 16)
    }

    /// The page below a node of a branch.
    pub(crate) fn child(&self, node: usize) -> Option<u64> {
        let [low, high, flags] = [self.u16(node)?, self.u16(node + 2)?, self.u16(node + 4)?].map(u64::from);
        Some(low | high << 16 | flags << 32)
    }

    /// What a node of a leaf holds; its key and value lie within the page.
    pub(crate) fn data(&self, node: usize) -> Option<Data<'_>> {
        let size = self.size(node)?;
        let start = node + NODE + usize::from(self.u16(node + 6)?);
        match self.u16(node + 4)? {
            0 => self.bytes.get(start..start.checked_add(size)?).map(Data::Inline),
            BIG => self.u64(start).map(|first| Data::Overflow(first, size)),
            SUBTREE if size == 48 => self.record(start).map(Data::Tree),
            _ => None,
        }
    }
}

fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_le_bytes)
}
