//! The terminal behind standard error.

use rustix::{process, termios};
use std::io::{self, Write};

/// Where a live picture is painted.
pub trait Terminal: Send {
    /// Columns and lines at this moment; `None` if it does not say.
    fn size(&self) -> Option<(u16, u16)>;
    /// Whether the process may paint: it is not in the background of a shell.
    fn foreground(&self) -> bool;
    /// Writes all of a text at once.
    ///
    /// # Errors
    /// The terminal is gone.
    fn write(&mut self, text: &str) -> io::Result<()>;
}

/// Standard error as a terminal.
#[derive(Debug, Default, Clone, Copy)]
pub struct StandardError;

impl Terminal for StandardError {
    fn size(&self) -> Option<(u16, u16)> {
        let size = termios::tcgetwinsize(io::stderr()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
    }

    fn foreground(&self) -> bool {
        // A terminal that is not this session's has no foreground; painting there is all right.
        termios::tcgetpgrp(io::stderr()).map_or(true, |group| group == process::getpgrp())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stderr().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
