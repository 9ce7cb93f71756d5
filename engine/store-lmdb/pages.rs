//! LMDB's pages, read as bytes of a file without mapping it, so that damage is a message and never a signal.
//!
//! LMDB trusts what it finds in its file. So all that it follows without looking is looked at here first: the kind and the number of each page, where
//! its nodes lie, how deep a tree is, which pages are free.

use crate::directory::read_at;
use crate::page::{Data, Page, Record};
use std::fs::File;
use std::time::{Duration, Instant};

pub(crate) const HEADER: usize = 16;
const MAGIC: u32 = 0xbeef_c0de;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;
const NO_PAGE: u64 = u64::MAX;
/// Keys of this table are numbers.
const INTEGER_KEYS: u16 = 0x08;
/// LMDB's own limit on the depth of a tree.
const DEEPEST: u16 = 32;

/// A meta page: where the trees start and how many pages there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) page_size: u64,
    pub(crate) last_page: u64,
    pub(crate) transaction: u64,
    /// Which of the two it is.
    number: u64,
    /// Of the free pages, and of the tables.
    trees: [Record; 2],
}

/// The newer of the two meta pages, or `None` if neither is one.
pub(crate) fn newest_meta(file: &File) -> Option<Meta> {
    let first = read_meta(file, 0, 0);
    let page_size = match &first {
        Some(meta) => meta.page_size,
        // The first is torn; the second is found by the usual size.
        None => 4096,
    };
    let second = read_meta(file, 1, page_size).filter(|meta| meta.page_size == page_size);
    // Of two that are the same age LMDB takes the first.
    [second, first].into_iter().flatten().max_by_key(|meta| meta.transaction)
}

fn read_meta(file: &File, number: u64, offset: u64) -> Option<Meta> {
    let page = Page { bytes: read_at(file, offset, HEADER + 136)? };
    let valid = page.flags()? & META != 0 && page.u32(16)? == MAGIC && page.u32(20)? & 0xffff == 1;
    let page_size = u64::from(page.u32(40)?);
    (valid && page_size.is_power_of_two() && (512..=65536).contains(&page_size)).then_some(())?;
    Some(Meta {
        page_size,
        last_page: page.u64(136)?,
        transaction: page.u64(144)?,
        number,
        trees: [page.record(40)?, page.record(88)?],
    })
}

/// Whether every page that can be reached is whole and lies within the first `length` bytes.
pub(crate) fn all_within(file: &File, length: u64) -> bool {
    check(file, None).is_ok_and(|end| end <= length)
}

/// Walks the pages that can be reached; gives the end of the last one in bytes. With a limit on time the free pages, the tables and the branches of all
/// trees are looked at whatever it takes, and of the leaves, from the last one on, as many as there is time for.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn check(file: &File, limit: Option<Duration>) -> Result<u64, String> {
    let meta = newest_meta(file).ok_or("there is no meta page")?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let there = (length / meta.page_size).min(meta.last_page.saturating_add(1));
    let mut walk = Walk {
        file,
        meta,
        there,
        seen: vec![0; usize::try_from(there / 64 + 1).unwrap_or(0)],
        end: 2 * meta.page_size,
        until: limit.map(|limit| Instant::now() + limit),
        leaves: Vec::new(),
    };
    walk.all()?;
    Ok(walk.end)
}

/// Whose a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The lists of free pages.
    Free,
    /// The names of the tables and where they start.
    Tables,
    /// A table.
    Rows,
}

struct Walk<'a> {
    file: &'a File,
    meta: Meta,
    /// So many pages are in the file.
    there: u64,
    /// A bit for each page that is in use or free.
    seen: Vec<u64>,
    end: u64,
    until: Option<Instant>,
    /// Leaves of tables that were not looked at yet.
    leaves: Vec<u64>,
}

impl Walk<'_> {
    fn all(&mut self) -> Result<(), String> {
        let [free, tables] = self.meta.trees;
        if free.flags != INTEGER_KEYS || tables.flags != 0 {
            return Err("the meta page is not one of a state".to_owned());
        }
        // Which of the two meta pages counts is told by the number of the last transaction; LMDB looks at that alone.
        if self.meta.transaction != 0 && self.meta.transaction & 1 != self.meta.number {
            return Err("the meta pages do not follow each other".to_owned());
        }
        self.tree(free, Kind::Free)?;
        self.tree(tables, Kind::Tables)?;
        // Steps read and write at the end of the tables, so that is looked at first.
        while let Some(leaf) = self.leaves.pop() {
            if self.until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            self.leaf(leaf, Kind::Rows)?;
        }
        Ok(())
    }

    /// Level by level: all leaves of a tree are equally deep.
    fn tree(&mut self, tree: Record, kind: Kind) -> Result<(), String> {
        if tree.root == NO_PAGE || tree.depth == 0 {
            let empty = tree.root == NO_PAGE && tree.depth == 0;
            return if empty { Ok(()) } else { Err("a tree has pages but no depth".to_owned()) };
        }
        if tree.depth > DEEPEST {
            return Err(format!("the tree at page {} is too deep", tree.root));
        }
        let mut level = vec![tree.root];
        for _ in 1..tree.depth {
            let mut below = Vec::new();
            for number in level {
                below.extend(self.branch(number, kind)?);
            }
            level = below;
        }
        if kind == Kind::Rows {
            self.leaves.extend(level);
            return Ok(());
        }
        level.into_iter().try_for_each(|number| self.leaf(number, kind))
    }

    fn branch(&mut self, number: u64, kind: Kind) -> Result<Vec<u64>, String> {
        let page = self.load(number, BRANCH)?;
        let nodes = page.nodes(true, kind == Kind::Free).ok_or_else(|| wrong(number))?;
        // One way alone is no branch, except among the free pages, where LMDB may leave it so.
        if nodes.len() < 2 && (kind != Kind::Free || nodes.is_empty()) {
            return Err(wrong(number));
        }
        nodes.iter().map(|node| page.child(node.start).ok_or_else(|| wrong(number))).collect()
    }

    fn leaf(&mut self, number: u64, kind: Kind) -> Result<(), String> {
        let page = self.load(number, LEAF)?;
        let nodes = page.nodes(false, kind == Kind::Free).filter(|nodes| !nodes.is_empty());
        for node in nodes.ok_or_else(|| wrong(number))? {
            match (page.data(node.start).ok_or_else(|| wrong(number))?, kind) {
                (Data::Inline(bytes), Kind::Free) => self.free(bytes, number)?,
                (Data::Overflow(first, size), Kind::Free) => {
                    self.overflow(first, size)?;
                    let list = read_at(self.file, first * self.meta.page_size + HEADER as u64, size);
                    self.free(&list.ok_or_else(|| format!("page {first} is missing"))?, first)?;
                }
                (Data::Inline(_), Kind::Rows) => {}
                (Data::Overflow(first, size), Kind::Rows) => self.overflow(first, size)?,
                (Data::Tree(tree), Kind::Tables) if tree.flags == 0 => self.tree(tree, Kind::Rows)?,
                _ => return Err(wrong(number)),
            }
        }
        Ok(())
    }

    /// A list of free pages: how many, then their numbers from the highest down.
    fn free(&mut self, list: &[u8], page: u64) -> Result<(), String> {
        let wrong = || format!("page {page} does not list free pages");
        let mut numbers = list.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(u64::from_le_bytes));
        let count = numbers.next().and_then(|count| usize::try_from(count).ok()).ok_or_else(wrong)?;
        if count > list.len() / 8 - 1 {
            return Err(wrong());
        }
        let mut above = self.meta.last_page.saturating_add(1);
        for number in numbers.take(count) {
            if number < 2 || number >= above {
                return Err(wrong());
            }
            above = number;
            // A free page may lie behind the end of the file.
            if number < self.there {
                self.take(number)?;
            }
        }
        Ok(())
    }

    /// A value on pages of its own, of `size` bytes.
    fn overflow(&mut self, number: u64, size: usize) -> Result<(), String> {
        let wrong = || format!("page {number} is not the start of a large value");
        let page = Page { bytes: self.bytes(number, HEADER)? };
        let count = u64::from(page.u32(12).ok_or_else(wrong)?);
        let holds = count.saturating_mul(self.meta.page_size) >= (HEADER + size) as u64;
        if page.u64(0) != Some(number) || page.flags() != Some(OVERFLOW) || count == 0 || !holds {
            return Err(wrong());
        }
        if number + count > self.there {
            return Err(format!("page {} is missing", number + count - 1));
        }
        (number..number + count).try_for_each(|number| self.take(number))?;
        self.end = self.end.max((number + count) * self.meta.page_size);
        Ok(())
    }

    /// A page of a tree.
    fn load(&mut self, number: u64, flags: u16) -> Result<Page, String> {
        let size = usize::try_from(self.meta.page_size).unwrap_or(0);
        let page = Page { bytes: self.bytes(number, size)? };
        if page.u64(0) != Some(number) {
            return Err(format!("page {number} does not hold what it held"));
        }
        if page.flags() != Some(flags) {
            return Err(wrong(number));
        }
        self.take(number)?;
        self.end = self.end.max((number + 1) * self.meta.page_size);
        Ok(page)
    }

    fn bytes(&self, number: u64, size: usize) -> Result<Vec<u8>, String> {
        if number < 2 || number > self.meta.last_page {
            return Err(format!("page {number} is named but does not exist"));
        }
        let missing = || format!("page {number} is missing");
        let offset = number.checked_mul(self.meta.page_size).ok_or_else(missing)?;
        read_at(self.file, offset, size).ok_or_else(missing)
    }

    /// Every page has one use.
    fn take(&mut self, number: u64) -> Result<(), String> {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.seen.get_mut(at));
        let bit = 1 << (number % 64);
        match word {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                Ok(())
            }
            Some(_) => Err(format!("page {number} is in use twice")),
            None => Err(format!("page {number} is missing")),
        }
    }
}

fn wrong(number: u64) -> String {
    format!("page {number} is not a page of a tree")
}
