//! Ctrl-C and SIGTERM.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use thinking_run::StopSignal;

/// Tells `stop` of every Ctrl-C and SIGTERM from now on.
pub(crate) fn listen(stop: &StopSignal) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let stop = stop.clone();
    // Ends with the process; without the thread the signals' defaults would end a run in the middle, which is safe but rude.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            stop.request();
        }
    });
}
