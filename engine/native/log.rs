//! Lines for the run's log; from `info` on they are shown. A line that is not written inside of a call goes nowhere.

use std::fmt::Display;
use thinking_step::{LogLevel, current};

/// For following every detail.
pub fn trace(message: impl Display) {
    write(LogLevel::Trace, &message);
}

/// For finding a mistake.
pub fn debug(message: impl Display) {
    write(LogLevel::Debug, &message);
}

/// Worth knowing.
pub fn info(message: impl Display) {
    write(LogLevel::Info, &message);
}

/// Looks wrong.
pub fn warn(message: impl Display) {
    write(LogLevel::Warn, &message);
}

/// Is wrong.
pub fn error(message: impl Display) {
    write(LogLevel::Error, &message);
}

fn write(level: LogLevel, message: &dyn Display) {
    if let Ok(host) = current() {
        host.log(level, &message.to_string());
    }
}
