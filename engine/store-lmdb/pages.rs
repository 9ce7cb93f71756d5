//! LMDB's pages, read as bytes of a file without mapping it, so that damage is a message and never a signal.

use crate::directory::read_at;
use std::fs::File;

const HEADER: usize = 16;
const MAGIC: u32 = 0xbeef_c0de;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;
const BIG: u16 = 0x01;
const SUBTREE: u16 = 0x02;
const NO_PAGE: u64 = u64::MAX;
/// LMDB's own limit on the depth of a tree.
const DEEPEST: usize = 32;

/// A meta page: where the trees start and how many pages there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) page_size: u64,
    pub(crate) last_page: u64,
    transaction: u64,
    roots: [u64; 2],
}

/// The newer of the two meta pages, or `None` if neither is one.
pub(crate) fn newest_meta(file: &File) -> Option<Meta> {
    let first = read_meta(file, 0);
    let page_size = match &first {
        Some(meta) => meta.page_size,
        // The first is torn; the second is found by the usual size.
        None => 4096,
    };
    let second = read_meta(file, page_size).filter(|meta| meta.page_size == page_size);
    [first, second].into_iter().flatten().max_by_key(|meta| meta.transaction)
}

fn read_meta(file: &File, offset: u64) -> Option<Meta> {
    let page = Page { bytes: read_at(file, offset, HEADER + 136)? };
    let valid = page.flags()? & META != 0 && page.u32(16)? == MAGIC && page.u32(20)? & 0xffff == 1;
    let page_size = u64::from(page.u32(40)?);
    (valid && page_size.is_power_of_two() && (512..=65536).contains(&page_size)).then_some(())?;
    Some(Meta {
        page_size,
        last_page: page.u64(136)?,
        transaction: page.u64(144)?,
        roots: [page.u64(80)?, page.u64(128)?],
    })
}

/// Whether every page that can be reached is whole and lies within the first `length` bytes.
pub(crate) fn all_within(file: &File, length: u64) -> bool {
    check(file).is_ok_and(|end| end <= length)
}

/// Walks every page that can be reached; gives the end of the last one in bytes.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn check(file: &File) -> Result<u64, String> {
    let meta = newest_meta(file).ok_or("there is no meta page")?;
    let mut walk = Walk { file, meta, seen: 2, end: 2 * meta.page_size };
    for root in meta.roots {
        walk.tree(root, 0)?;
    }
    Ok(walk.end)
}

struct Walk<'a> {
    file: &'a File,
    meta: Meta,
    seen: u64,
    end: u64,
}

impl Walk<'_> {
    fn tree(&mut self, number: u64, depth: usize) -> Result<(), String> {
        if number == NO_PAGE {
            return Ok(());
        }
        if depth > DEEPEST {
            return Err(format!("page {number} is too deep in its tree"));
        }
        let page = self.load(number)?;
        let wrong = || format!("page {number} is not a page of a tree");
        let flags = page.flags().ok_or_else(wrong)?;
        let count = page.count().ok_or_else(wrong)?;
        if flags & OVERFLOW != 0 || (flags & (BRANCH | LEAF)).count_ones() != 1 {
            return Err(wrong());
        }
        for index in 0..count {
            let node = page.u16(HEADER + 2 * index).map(usize::from).ok_or_else(wrong)?;
            if flags & BRANCH != 0 {
                self.tree(page.child(node).ok_or_else(wrong)?, depth + 1)?;
                continue;
            }
            match page.data(node).ok_or_else(wrong)? {
                Data::Inline => {}
                Data::Overflow(first) => self.overflow(first)?,
                Data::Tree(root) => self.tree(root, depth + 1)?,
            }
        }
        Ok(())
    }

    fn overflow(&mut self, number: u64) -> Result<(), String> {
        let wrong = || format!("page {number} is not the start of a large value");
        let page = self.load(number)?;
        let count = u64::from(page.u32(12).ok_or_else(wrong)?);
        if page.flags().ok_or_else(wrong)? & OVERFLOW == 0 || count == 0 || number + count > self.meta.last_page + 1 {
            return Err(wrong());
        }
        let end = (number + count) * self.meta.page_size;
        read_at(self.file, end - 1, 1).ok_or_else(|| format!("page {} is missing", number + count - 1))?;
        self.end = self.end.max(end);
        Ok(())
    }

    fn load(&mut self, number: u64) -> Result<Page, String> {
        self.seen += 1;
        if number > self.meta.last_page || self.seen > self.meta.last_page + 1 {
            return Err(format!("page {number} is named but does not exist"));
        }
        let offset = number * self.meta.page_size;
        let bytes = read_at(self.file, offset, self.meta.page_size as usize);
        let page = Page { bytes: bytes.ok_or_else(|| format!("page {number} is missing"))? };
        if page.u64(0) != Some(number) {
            return Err(format!("page {number} does not hold what it held"));
        }
        self.end = self.end.max(offset + self.meta.page_size);
        Ok(page)
    }
}

enum Data {
    Inline,
    Overflow(u64),
    Tree(u64),
}

struct Page {
    bytes: Vec<u8>,
}

impl Page {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    fn flags(&self) -> Option<u16> {
        self.u16(10)
    }

    fn count(&self) -> Option<usize> {
        let (lower, upper) = (usize::from(self.u16(12)?), usize::from(self.u16(14)?));
        (lower >= HEADER && lower <= upper && upper <= self.bytes.len()).then_some((lower - HEADER) / 2)
    }

    /// The page below a node of a branch.
    fn child(&self, node: usize) -> Option<u64> {
        let [low, high, flags] = [self.u16(node)?, self.u16(node + 2)?, self.u16(node + 4)?].map(u64::from);
        Some(low | high << 16 | flags << 32)
    }

    /// What a node of a leaf holds; its key and value lie within the page.
    fn data(&self, node: usize) -> Option<Data> {
        let size = usize::from(self.u16(node)?) | usize::from(self.u16(node + 2)?) << 16;
        let flags = self.u16(node + 4)?;
        let start = node + 8 + usize::from(self.u16(node + 6)?);
        if flags & BIG != 0 {
            return self.u64(start).map(Data::Overflow);
        }
        self.bytes.get(start..start.checked_add(size)?)?;
        if flags & SUBTREE != 0 { self.u64(start + 40).map(Data::Tree) } else { Some(Data::Inline) }
    }
}
