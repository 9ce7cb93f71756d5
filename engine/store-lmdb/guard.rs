//! The last defence against a damaged file: a fault while reading through the map ends the process with a message and exit code 2, as the refusal at
//! the start does.
//!
//! The pages are checked before they are mapped, but a large file not to its last leaf, and a disk may fail later. What is accepted cannot be lost by it:
//! the process ends as by a kill.

use std::cell::Cell;
use std::fs;
use std::marker::PhantomData;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// So many maps are watched; a process has one or two.
const MOST: usize = 8;
const SIGNALS: [i32; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT];

struct Watched {
    start: AtomicUsize,
    end: AtomicUsize,
    /// Its own message, never freed, as the handler may read it at any time.
    message: AtomicPtr<Vec<u8>>,
}

static WATCHED: [Watched; MOST] = [const {
    Watched { start: AtomicUsize::new(0), end: AtomicUsize::new(0), message: AtomicPtr::new(std::ptr::null_mut()) }
}; MOST];

/// Who was asked before, by signal: what is none of the map's goes on to them.
static BEFORE: [AtomicPtr<libc::sigaction>; SIGNALS.len()] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; SIGNALS.len()];

thread_local! {
    /// The message of the state that this thread has a transaction on: LMDB may then be led out of the map, or find out by itself and abort.
    static AT_WORK: Cell<*const Vec<u8>> = const { Cell::new(std::ptr::null()) };
}

/// A map that is watched.
#[derive(Debug)]
pub(crate) struct Guard {
    place: Option<usize>,
    message: *mut Vec<u8>,
}

// SAFETY: the message is never changed nor freed once it was made.
unsafe impl Send for Guard {}
// SAFETY: as above; all else is atomic.
unsafe impl Sync for Guard {}

impl Guard {
    /// Watches the map of a data file, in so far as the system tells where it lies.
    pub(crate) fn new(data: &Path) -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
        let directory = data.parent().unwrap_or(data).display();
        let text = format!(
            "error: the state in {directory} is damaged\n  help: run `thinking state verify`; every copy of the state made before is sound\n"
        );
        let message = Box::into_raw(Box::new(text.into_bytes()));
        let free = |watched: &Watched| {
            let null = std::ptr::null_mut();
            watched.message.compare_exchange(null, message, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        let guard = Self { place: WATCHED.iter().position(free), message };
        guard.moved(data);
        guard
    }

    /// The map lies elsewhere now.
    pub(crate) fn moved(&self, data: &Path) {
        let Some(watched) = self.place.and_then(|place| WATCHED.get(place)) else { return };
        let (start, end) = find(data).unwrap_or_default();
        watched.end.store(0, Ordering::Release);
        watched.start.store(start, Ordering::Release);
        watched.end.store(end, Ordering::Release);
    }

    /// Until what this gives is dropped, a fault of this thread is one of the state.
    pub(crate) fn at_work(&self) -> AtWork {
        AtWork { before: AT_WORK.replace(self.message), _thread: PhantomData }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(watched) = self.place.and_then(|place| WATCHED.get(place)) {
            watched.end.store(0, Ordering::Release);
            watched.message.store(std::ptr::null_mut(), Ordering::Release);
        }
    }
}

/// See [`Guard::at_work`]. Stays on its thread. Those of one thread are dropped in the order opposite to the one in which they were made, or else a
/// fault is not told apart from others for a while.
pub(crate) struct AtWork {
    before: *const Vec<u8>,
    _thread: PhantomData<*const ()>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.set(self.before);
    }
}

/// Where this process has the file mapped. LMDB does not tell.
fn find(data: &Path) -> Option<(usize, usize)> {
    let inode = fs::metadata(data).ok()?.ino().to_string();
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let mut found: Option<(usize, usize)> = None;
    for line in maps.lines() {
        // start-end permissions offset device inode path
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(its)) = (words.next(), words.nth(3)) else { continue };
        if its != inode || !line.ends_with("data.mdb") {
            continue;
        }
        let Some((start, end)) = range.split_once('-') else { continue };
        let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
        found = Some(found.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }
    found
}

fn install() {
    for (signal, before) in SIGNALS.iter().zip(&BEFORE) {
        // SAFETY: a zeroed `sigaction` is one without flags, mask and handler.
        let (mut action, mut old): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handle as *const () as usize;
        // On the thread's other stack, where Rust has set one up: the fault may be that the first is used up.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler only does what a handler may do, see there; both pointers are to live values.
        if unsafe { libc::sigaction(*signal, &action, &mut old) } == 0 {
            before.store(Box::into_raw(Box::new(old)), Ordering::Release);
        }
    }
}

/// Allocates nothing, locks nothing, calls only `write`, `_exit`, `sigaction` and whoever was asked before.
extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system gives a valid `info` to a handler with `SA_SIGINFO`.
    let address = if signal == libc::SIGABRT { 0 } else { unsafe { (*info).si_addr() as usize } };
    let inside = |watched: &&Watched| {
        let (start, end) = (watched.start.load(Ordering::Acquire), watched.end.load(Ordering::Acquire));
        address >= start && address < end
    };
    let message: *const Vec<u8> = match WATCHED.iter().find(inside) {
        Some(watched) => watched.message.load(Ordering::Acquire),
        None => AT_WORK.get(),
    };
    if !message.is_null() {
        // SAFETY: messages are never freed; `write` and `_exit` may be called in a handler.
        unsafe {
            libc::write(2, (*message).as_ptr().cast(), (*message).len());
            libc::_exit(2);
        }
    }
    let at = SIGNALS.iter().position(|known| *known == signal);
    let before = at.and_then(|at| BEFORE.get(at)).map_or(std::ptr::null_mut(), |before| before.load(Ordering::Acquire));
    // SAFETY: `before` is null or points to what `sigaction` gave, which is never freed; a handler that was installed with `SA_SIGINFO` takes these
    // three arguments. Without one the default is put back, and the fault happens again.
    unsafe {
        if !before.is_null() && (*before).sa_flags & libc::SA_SIGINFO != 0 && (*before).sa_sigaction > 1 {
            let call: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                std::mem::transmute((*before).sa_sigaction);
            call(signal, info, context);
        } else if !before.is_null() {
            libc::sigaction(signal, before, std::ptr::null_mut());
        }
    }
}
