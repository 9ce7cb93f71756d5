//! The machine: clock, limits, memory, terminal.

use super::finding::{Finding, bytes};
use rustix::process::{Resource, getrlimit};
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) fn checks(manifest: Option<&Path>) -> Vec<Finding> {
    vec![clock(manifest), processors(), memory(), open_files(), address_space(), file_size(), language(), terminal()]
}

/// No clock that is right shows less: it is when this was written.
const LEAST_YEAR: i16 = 2026;
/// How far file times may lie ahead; clocks of two machines are never quite the same.
const AHEAD: Duration = Duration::from_secs(3600);

fn clock(manifest: Option<&Path>) -> Finding {
    let now = SystemTime::now();
    let advice = "set the clock: times in logs, and certificates, would be wrong";
    let seconds = now.duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_secs()).ok());
    let Some(time) = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) else {
        return Finding::note("clock", "it shows no date that there can be", advice);
    };
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    let shown = format!("{} UTC", zoned.strftime("%Y-%m-%d %H:%M"));
    if zoned.year() < LEAST_YEAR {
        return Finding::note("clock", format!("{shown} is past"), advice);
    }
    let changed = manifest.and_then(|path| path.metadata().ok()).and_then(|about| about.modified().ok());
    if changed.and_then(|changed| changed.duration_since(now).ok()).is_some_and(|ahead| ahead > AHEAD) {
        return Finding::note("clock", format!("{shown}, but the manifest was changed later than that"), advice);
    }
    Finding::fine("clock", shown)
}

fn processors() -> Finding {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    Finding::fine("processors", count.to_string())
}

/// Scripts of ordinary size run in less; below, the system ends processes without a word.
const LEAST_MEMORY: u64 = 128_000_000;

fn memory() -> Finding {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let group = group_limit();
    let (least, found) = match (machine, group) {
        (Some(machine), Some(group)) if group < machine => {
            (group, format!("{} left of what this group of processes may use", bytes(group)))
        }
        (Some(machine), _) => (machine, format!("{} available", bytes(machine))),
        (None, Some(group)) => (group, format!("{} left of what this group of processes may use", bytes(group))),
        (None, None) => return Finding::fine("memory", "not known on this system"),
    };
    if least < LEAST_MEMORY {
        return Finding::note("memory", found, "end something else, or raise the limit: the system may end a run");
    }
    Finding::fine("memory", found)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// What the control group leaves: the least of it and the groups around it.
fn group_limit() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let number =
        |folder: &Path, name: &str| std::fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let folder = root.join(path);
    let groups = folder.ancestors().take_while(|folder| folder.starts_with(root));
    let left = groups.filter_map(|folder| {
        Some(number(folder, "memory.max")?.saturating_sub(number(folder, "memory.current").unwrap_or(0)))
    });
    left.min()
}

/// The state, its log, and some programs with their pipes.
const LEAST_FILES: u64 = 64;

fn open_files() -> Finding {
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < LEAST_FILES => {
            Finding::note("open-files", format!("at most {limit} at once"), "raise it: ulimit -n 1024")
        }
        Some(limit) => Finding::fine("open-files", format!("at most {limit} at once")),
        None => Finding::fine("open-files", "no limit"),
    }
}

fn address_space() -> Finding {
    match getrlimit(Resource::As).current {
        None => Finding::fine("address-space", "no limit"),
        Some(limit) => Finding::note(
            "address-space",
            format!("at most {} (ulimit -v)", bytes(limit)),
            "the state is mapped into it and cannot grow beyond: ulimit -v unlimited",
        ),
    }
}

fn file_size() -> Finding {
    match getrlimit(Resource::Fsize).current {
        None => Finding::fine("file-size", "no limit"),
        Some(limit) => Finding::note(
            "file-size",
            format!("at most {} a file (ulimit -f)", bytes(limit)),
            "the state is one file and stops a run at that size: ulimit -f unlimited",
        ),
    }
}

fn language() -> Finding {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?)));
    let advice = "set LANG=C.UTF-8: texts are UTF-8, and programs that steps start may think otherwise";
    match set {
        Some((name, value)) => {
            let plain = value.to_lowercase().replace('-', "");
            if plain.contains("utf8") {
                Finding::fine("locale", format!("{name}={value}"))
            } else {
                Finding::note("locale", format!("{name}={value} is not UTF-8"), advice)
            }
        }
        None => Finding::note("locale", "none is set", advice),
    }
}

fn terminal() -> Finding {
    if !std::io::stdout().is_terminal() {
        return Finding::fine("terminal", "none: plain lines without colours");
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Finding::fine("terminal", "TERM=dumb: plain lines without colours"),
        Ok(term) => Finding::fine("terminal", term),
        Err(_) => Finding::note("terminal", "TERM is not set", "set it, such as TERM=xterm-256color"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn available_memory_is_read() {
        assert_eq!(super::available("MemTotal: 9 kB\nMemAvailable:    2 kB\n"), Some(2048));
        assert_eq!(super::available("MemTotal: 9 kB\n"), None);
        assert_eq!(super::available("MemAvailable:\n"), None);
    }
}
