//! A terminal for tests: a process runs in a real pty, and what it paints is kept as a screen.

use crate::support::{Sandbox, command};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines that are kept when they scroll by.
const SCROLLBACK: usize = 10_000;

/// A terminal with a process in it.
pub struct Terminal {
    child: Child,
    keyboard: File,
    shared: Arc<Shared>,
    gone: Arc<AtomicBool>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Each state of the screen that was seen, with its time, if they are recorded.
    frames: Option<Vec<(Duration, vt100::Screen)>>,
    began: Instant,
    closed: bool,
}

fn size(columns: u16, lines: u16) -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(lines).unwrap(), NonZeroU16::new(columns).unwrap())
}

fn window(columns: u16, lines: u16) -> Winsize {
    Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

impl Terminal {
    /// Runs the binary in a terminal of that size.
    pub fn run(folder: &Path, arguments: &[&str], columns: u16, lines: u16) -> Self {
        Self::start(command(folder, arguments).env("TERM", "xterm-256color"), columns, lines)
    }

    /// Runs a command in a terminal of that size: the terminal is its own, so keys such as Ctrl-C reach it.
    #[allow(unsafe_code, reason = "between fork and exec the terminal is made the child's own")]
    pub fn start(command: &mut Command, columns: u16, lines: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let slave = ioctl_tiocgptpeer(&master, flags).unwrap();
        tcsetwinsize(&slave, window(columns, lines)).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: both are system calls that may be made between fork and exec.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        // The command holds copies of the terminal: they would keep it open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        drop(slave);
        let (lines, columns) = size(columns, lines);
        let state = State {
            parser: vt100::Parser::new(lines, columns, SCROLLBACK),
            raw: Vec::new(),
            frames: None,
            began: Instant::now(),
            closed: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let keyboard = File::from(master.try_clone().unwrap());
        let reader = shared.clone();
        let gone = Arc::new(AtomicBool::new(false));
        let hung = gone.clone();
        std::thread::spawn(move || reader.read(master, &hung));
        Self { child, keyboard, shared, gone }
    }

    /// Waits until the screen is as wanted, and gives its text. Fails the test if that never comes.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_for(what, |screen| Some(text(screen)).filter(|text| wanted(text)))
    }

    /// The same for what is in sight: its lines, without empty ones at the end.
    #[track_caller]
    pub fn wait_lines(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let lines = |screen: &vt100::Screen| screen.contents().lines().map(|line| line.trim_end().to_owned()).collect();
        self.wait_for(what, |screen| Some(lines(screen)).filter(|lines: &Vec<String>| wanted(lines)))
    }

    #[track_caller]
    fn wait_for<T>(&self, what: &str, found: impl Fn(&vt100::Screen) -> Option<T>) -> T {
        let began = Instant::now();
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(found) = found(state.parser.screen()) {
                return found;
            }
            let gone = state.closed || began.elapsed() > PATIENCE;
            let shown = if gone { text(state.parser.screen()) } else { String::new() };
            assert!(!gone, "{what} never came up on the screen:\n{shown}");
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(100)).unwrap().0;
        }
    }

    /// The screen's text now.
    pub fn text(&self) -> String {
        text(self.shared.state.lock().unwrap().parser.screen())
    }

    /// All bytes that came so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.state.lock().unwrap().raw.clone()
    }

    /// Keeps each state of the screen from now on.
    pub fn record(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.frames.get_or_insert_default();
    }

    /// The states that were kept, with the time since the start.
    pub fn frames(&self) -> Vec<(Duration, vt100::Screen)> {
        self.shared.state.lock().unwrap().frames.take().unwrap_or_default()
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Makes the window larger or smaller. Lines that become too long are cut off, as xterm does.
    pub fn resize(&self, columns: u16, lines: u16) {
        let mut state = self.shared.state.lock().unwrap();
        let (rows, width) = size(columns, lines);
        state.parser.screen_mut().set_size(rows, width);
        drop(state);
        tcsetwinsize(&self.keyboard, window(columns, lines)).unwrap();
    }

    /// Closes the window: the process finds no terminal any more.
    pub fn hang_up(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
        self.keyboard = File::open("/dev/null").unwrap();
        let began = Instant::now();
        let mut state = self.shared.state.lock().unwrap();
        while !state.closed {
            assert!(began.elapsed() < PATIENCE, "the window stays open");
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(10)).unwrap().0;
        }
    }

    /// The process.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Waits for the end of the process and of its output; its exit code and the last screen.
    #[track_caller]
    pub fn end(&mut self) -> (Option<i32>, String) {
        let status = self.exit();
        let began = Instant::now();
        let mut state = self.shared.state.lock().unwrap();
        while !state.closed {
            assert!(began.elapsed() < PATIENCE, "the terminal stays open");
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(100)).unwrap().0;
        }
        (status.code(), text(state.parser.screen()))
    }

    /// Waits for the end of the process.
    #[track_caller]
    pub fn exit(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shared {
    fn read(&self, master: OwnedFd, gone: &AtomicBool) {
        let mut master = Some(File::from(master));
        let mut buffer = vec![0; 1 << 16];
        loop {
            // When nobody has the other end any more, reading fails.
            let read = master.as_mut().map_or(0, |master| read(master, &mut buffer, gone));
            if read == 0 {
                master = None;
            }
            let mut state = self.state.lock().unwrap();
            if read == 0 {
                state.closed = true;
                self.changed.notify_all();
                return;
            }
            state.raw.extend_from_slice(&buffer[..read]);
            state.parser.process(&buffer[..read]);
            let (time, screen) = (state.began.elapsed(), state.parser.screen().clone());
            if let Some(frames) = &mut state.frames {
                frames.push((time, screen));
            }
            self.changed.notify_all();
        }
    }
}

/// Reads what comes; nothing if the other end is closed or the window is.
fn read(master: &mut File, buffer: &mut [u8], gone: &AtomicBool) -> usize {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    loop {
        let pause = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let ready = poll(&mut [PollFd::new(master, PollFlags::IN)], Some(&pause)).unwrap_or(0);
        if gone.load(Ordering::SeqCst) {
            return 0;
        }
        if ready > 0 {
            return master.read(buffer).unwrap_or(0);
        }
    }
}

/// A screen as text, what scrolled by included, without blanks at the ends of lines.
pub fn text(screen: &vt100::Screen) -> String {
    let mut screen = screen.clone();
    let columns = screen.size().1;
    let mut lines: Vec<String> = Vec::new();
    screen.set_scrollback(usize::MAX);
    loop {
        let above = screen.scrollback();
        let rows: Vec<String> = screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect();
        let height = rows.len();
        lines.extend(rows.into_iter().take(if above == 0 { height } else { above.min(height) }));
        if above == 0 {
            break;
        }
        screen.set_scrollback(above.saturating_sub(height));
    }
    let mut text = lines.join("\n").trim_end().to_owned();
    text.push('\n');
    text
}

/// Times and ids of runs as words of the same kind, so that two runs give the same text. Blanks before a time go, as columns are as
/// wide as their times.
pub fn masked(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while !rest.is_empty() {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let (gap, after) = rest.split_at(blanks);
            let end = after.find(' ').unwrap_or(after.len());
            let (word, tail) = after.split_at(end);
            let told = mask_word(word);
            out.push_str(if told == "TIME" && !gap.is_empty() { "  " } else { gap });
            out.push_str(&told);
            rest = tail;
        }
        out.push('\n');
    }
    out
}

fn mask_word(word: &str) -> String {
    let bare = word.trim_end_matches([',', '.', ':']);
    let number = bare.trim_end_matches("ms").trim_end_matches('s');
    if number.len() < bare.len() && number.parse::<f64>().is_ok() {
        return format!("TIME{}", &word[bare.len()..]);
    }
    if bare.trim_end_matches("/s").trim_end_matches("/min").parse::<f64>().is_ok()
        && bare.contains('/')
        && bare.ends_with(['s', 'n'])
    {
        return "RATE".to_owned();
    }
    let parts: Vec<&str> = bare.split('-').collect();
    // An id of which the end was left out.
    if bare.ends_with('…') && parts[0].len() == 8 && parts[0].parse::<u64>().is_ok() {
        return "RUN…".to_owned();
    }
    if let [day, time, salt] = &*parts
        && day.len() == 8
        && time.len() == 6
        && salt.len() == 4
    {
        return "RUN".to_owned();
    }
    word.to_owned()
}

/// A project in a terminal of that size.
pub fn apply(sandbox: &Sandbox, arguments: &[&str], columns: u16, lines: u16) -> Terminal {
    let arguments: Vec<&str> = [&["apply"], arguments].concat();
    Terminal::run(sandbox.path(), &arguments, columns, lines)
}
