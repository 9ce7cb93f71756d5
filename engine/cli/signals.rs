//! Ctrl-C, SIGTERM, a terminal that is closed, and the signal of a file that may not grow.

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thinking_run::StopSignal;

/// How long a run may take to end after the second request.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Tells `stop` of every Ctrl-C, SIGTERM and SIGHUP from now on.
pub(crate) fn listen(stop: &StopSignal) {
    // Whoever starts a program with `nohup` wants it to stay.
    let hangup = (!ignores_hangup()).then_some(SIGHUP);
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM].into_iter().chain(hangup)) else { return };
    let stop = stop.clone();
    // Ends with the process; without the thread the signals' defaults would end a run in the middle, which is safe but rude.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for (number, _) in signals.forever().enumerate() {
            stop.request();
            if number == 1 {
                // Asked twice: what does not end by itself now (a native step that never looks up) is left where it is. The state is
                // that of a kill, and a kill is safe.
                let _ = std::thread::Builder::new().spawn(|| {
                    std::thread::sleep(LAST_PATIENCE);
                    std::process::exit(130);
                });
            }
        }
    });
}

/// Becomes true when the user asks to stop (Ctrl-C, SIGTERM, a terminal that is closed). Nothing else happens.
pub(crate) fn asked() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let hangup = (!ignores_hangup()).then_some(SIGHUP);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
        // Without it the signal ends the process, which is safe.
        let _ = signal_hook::flag::register(signal, Arc::clone(&asked));
    }
    asked
}

/// Becomes true each time that the process was stopped (Ctrl-Z) and goes on.
pub(crate) fn continued() -> Arc<AtomicBool> {
    let continued = Arc::default();
    // Without it a picture is painted over what the shell wrote meanwhile.
    let _ = signal_hook::flag::register(SIGCONT, Arc::clone(&continued));
    continued
}

fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is the first signal's.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}

/// A write beyond a limit on file sizes becomes an error (and a message) instead of a signal that ends the process.
pub(crate) fn survive_file_size_limits() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}
