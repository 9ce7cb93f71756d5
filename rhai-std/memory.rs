//! How much memory the process holds: what bounds the size of a script's data.
//!
//! Measuring every value that grows would make growing it slow, and a look once in so many operations comes too late: forty doublings
//! take a hundred operations. What takes time is touching the memory. So a thread looks at the clock instead of at the values: a few times
//! in a tenth of a second it notes what the process holds, and scripts compare that with what it held when they began. The
//! thread sleeps while no script runs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// Between two looks. Memory is touched at some gigabytes per second, so little is missed.
const PAUSE: Duration = Duration::from_millis(15);
/// So many looks without a script, and the thread goes to sleep.
const PATIENCE: u32 = 60;
/// The most that the process may grow by during one evaluation, if the machine is large.
const MOST: u64 = 4 << 30;

/// Bytes held when last looked.
static HELD: AtomicU64 = AtomicU64::new(0);
/// Whether a script ran since the last look.
static RECENT: AtomicBool = AtomicBool::new(false);
/// Whether the thread looks.
static AWAKE: AtomicBool = AtomicBool::new(false);
static WATCHER: OnceLock<Option<Thread>> = OnceLock::new();

/// Bytes that the process held a moment ago; 0 where the system does not say. Costs two reads of memory while scripts run.
#[inline]
pub fn held() -> u64 {
    if !RECENT.load(Ordering::Relaxed) {
        wake();
    }
    HELD.load(Ordering::Relaxed)
}

/// By how much the process may grow during an evaluation unless something else is said: 4 GiB, or a quarter of a smaller machine's memory,
/// because one operation can still double what is there before the next look.
pub fn default_limit() -> u64 {
    static LIMIT: OnceLock<u64> = OnceLock::new();
    *LIMIT.get_or_init(|| {
        let machine = u64::try_from(crate::sys::memory()).ok().filter(|bytes| *bytes > 0);
        let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
        [machine, group].into_iter().flatten().map(|bytes| bytes / 4).fold(MOST, u64::min)
    })
}

#[cold]
fn wake() {
    RECENT.store(true, Ordering::SeqCst);
    if AWAKE.load(Ordering::SeqCst) {
        return;
    }
    // What was noted before the thread went to sleep says nothing any more.
    look();
    AWAKE.store(true, Ordering::SeqCst);
    let watcher = WATCHER.get_or_init(|| {
        let started = thread::Builder::new().name("script-memory".to_owned()).stack_size(64 << 10).spawn(watch);
        started.ok().map(|handle| handle.thread().clone())
    });
    if let Some(watcher) = watcher {
        watcher.unpark();
    }
}

fn watch() {
    let mut idle = 0;
    loop {
        thread::sleep(PAUSE);
        look();
        idle = if RECENT.swap(false, Ordering::SeqCst) { 0 } else { idle + 1 };
        if idle < PATIENCE {
            continue;
        }
        AWAKE.store(false, Ordering::SeqCst);
        // A script that began in between saw the thread awake.
        if !RECENT.load(Ordering::SeqCst) {
            thread::park();
        }
        AWAKE.store(true, Ordering::SeqCst);
        idle = 0;
    }
}

/// Notes what the process holds. Pages of files do not count: they are the system's to take back.
fn look() {
    let Ok(about) = std::fs::read_to_string("/proc/self/status") else { return };
    let kib = |name: &str| -> u64 {
        let line = about.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().strip_suffix("kB")).and_then(|kib| kib.trim().parse().ok()).unwrap_or(0)
    };
    HELD.store((kib("RssAnon:") + kib("VmSwap:")).saturating_mul(1024), Ordering::Relaxed);
}
