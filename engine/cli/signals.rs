//! Ctrl-C, SIGTERM, and the signal of a file that may not grow.

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::time::Duration;
use thinking_run::StopSignal;

/// How long a run may take to end after the second request.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Tells `stop` of every Ctrl-C and SIGTERM from now on.
pub(crate) fn listen(stop: &StopSignal) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
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

/// A write beyond a limit on file sizes becomes an error (and a message) instead of a signal that ends the process.
pub(crate) fn survive_file_size_limits() {
    let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
}
