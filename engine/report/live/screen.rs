//! A few lines at the bottom of a terminal that are painted over and over, while other lines scroll by above them.
//!
//! Each line ends with a line break of its own and is never as long as the terminal is wide. So a terminal that is made narrower or
//! wider moves whole lines, and what they take then can be counted. The cursor rests below them: whatever ends the process, and
//! whatever a shell writes while it is stopped, stands below the picture.

use super::row::Line;
use super::terminal::Terminal;
use std::fmt::Write as _;

/// The painter.
pub(crate) struct Screen {
    terminal: Box<dyn Terminal>,
    /// Whether the terminal breaks lines anew that became too long for it.
    reflows: bool,
    standing: Vec<Line>,
    size: (usize, usize),
    hidden: bool,
    broken: bool,
}

/// For terminals that do not say how large they are.
const USUAL: (u16, u16) = (80, 24);

impl Screen {
    pub(crate) fn new(terminal: Box<dyn Terminal>, reflows: bool) -> Self {
        let mut screen = Self { terminal, reflows, standing: Vec::new(), size: (0, 0), hidden: false, broken: false };
        screen.measure();
        screen
    }

    /// Columns and lines that may be used; the last column and the line of the cursor stay free.
    pub(crate) fn room(&self) -> (usize, usize) {
        (self.size.0.saturating_sub(1), self.size.1.saturating_sub(1))
    }

    /// Asks how large the terminal is; whether that is so since the last time it was asked.
    pub(crate) fn measure(&mut self) -> bool {
        let (columns, lines) = self.terminal.size().unwrap_or(USUAL);
        let size = (usize::from(columns), usize::from(lines));
        std::mem::replace(&mut self.size, size) == size
    }

    /// Whether there is nobody to paint for any more.
    pub(crate) fn broken(&self) -> bool {
        self.broken
    }

    /// What stands on the terminal is no longer this picture's: a shell wrote below it.
    pub(crate) fn forget(&mut self) {
        self.standing.clear();
    }

    /// Writes lines above the picture and paints it.
    pub(crate) fn paint(&mut self, above: &str, lines: Vec<Line>) {
        let foreground = self.terminal.foreground();
        if foreground && self.hidden {
            self.forget();
        }
        self.hidden = !foreground;
        // In the background the lines above are written, as those of any program, but nothing is painted over what the shell shows.
        let lines = if foreground { lines } else { Vec::new() };
        if above.is_empty() && (lines == self.standing || !foreground) {
            return;
        }
        let mut out = String::with_capacity(above.len() + 4096);
        let up = if foreground { self.rows().min(self.size.1.saturating_sub(1)) } else { 0 };
        // Writing to a string cannot fail.
        if up > 0 {
            let _ = write!(out, "\r\u{1b}[{up}A");
        }
        let erase = if foreground { "\u{1b}[K" } else { "" };
        for line in above.split_inclusive('\n').map(|line| line.trim_end_matches('\n')) {
            let _ = write!(out, "{line}{erase}\r\n");
        }
        for line in &lines {
            let _ = write!(out, "{}{erase}\r\n", line.text);
        }
        if foreground {
            out.push_str("\u{1b}[J");
        }
        self.standing = lines;
        // A terminal that was closed is no reason to fail.
        self.broken |= self.terminal.write(&out).is_err();
    }

    /// Rows that the picture takes now.
    fn rows(&self) -> usize {
        let columns = self.size.0.max(1);
        let rows = |line: &Line| if self.reflows { line.width.div_ceil(columns).max(1) } else { 1 };
        self.standing.iter().map(rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Screen, Terminal};
    use crate::live::row::Line;
    use std::io;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    #[derive(Clone)]
    struct Window(Arc<Mutex<(u16, u16, bool, String)>>);

    impl Window {
        fn lock(&self) -> MutexGuard<'_, (u16, u16, bool, String)> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// What was written since the last look.
        fn written(&self) -> String {
            std::mem::take(&mut self.lock().3).replace('\u{1b}', "ESC").replace("\r\n", "\n").replace('\r', "CR")
        }
    }

    impl Terminal for Window {
        fn size(&self) -> Option<(u16, u16)> {
            let window = self.lock();
            Some((window.0, window.1))
        }
        fn foreground(&self) -> bool {
            self.lock().2
        }
        fn write(&mut self, text: &str) -> io::Result<()> {
            self.lock().3.push_str(text);
            Ok(())
        }
    }

    fn window() -> Window {
        Window(Arc::new(Mutex::new((80, 10, true, String::new()))))
    }

    fn lines(widths: &[usize]) -> Vec<Line> {
        widths.iter().map(|width| Line { text: "x".repeat(*width), width: *width }).collect()
    }

    #[test]
    fn only_what_changed_is_painted_and_lines_scroll_by_above() {
        let window = window();
        let mut screen = Screen::new(Box::new(window.clone()), true);
        screen.paint("", lines(&[2, 1]));
        assert_eq!(window.written(), "xxESC[K\nxESC[K\nESC[J");
        screen.paint("", lines(&[2, 1]));
        assert_eq!(window.written(), "");
        screen.paint("one\n\n", lines(&[2]));
        assert_eq!(window.written(), "CRESC[2AoneESC[K\nESC[K\nxxESC[K\nESC[J");
        screen.paint("", Vec::new());
        assert_eq!(window.written(), "CRESC[1AESC[J");
    }

    /// Width of the window, whether lines are broken anew, rows to go up.
    #[test]
    fn a_window_that_was_made_narrower() {
        for (columns, reflows, up) in [(80, true, 3), (200, true, 3), (30, true, 5), (10, true, 9), (30, false, 3)] {
            let window = window();
            let mut screen = Screen::new(Box::new(window.clone()), reflows);
            screen.paint("", lines(&[79, 5, 0]));
            window.written();
            window.lock().0 = columns;
            assert_eq!(screen.measure(), columns == 80);
            screen.paint("", lines(&[1]));
            assert_eq!(window.written(), format!("CRESC[{up}AxESC[K\nESC[J"), "{columns} {reflows}");
        }
    }

    #[test]
    fn in_the_background_nothing_is_painted() {
        let window = window();
        let mut screen = Screen::new(Box::new(window.clone()), true);
        screen.paint("", lines(&[1]));
        window.written();
        window.lock().2 = false;
        screen.paint("", lines(&[2]));
        assert_eq!(window.written(), "");
        screen.paint("one\n", lines(&[2]));
        assert_eq!(window.written(), "one\n");
        window.lock().2 = true;
        screen.paint("", lines(&[2]));
        assert_eq!(window.written(), "xxESC[K\nESC[J", "below what the shell wrote");
    }
}
