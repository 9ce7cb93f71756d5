//! Standard input, read so that Ctrl-C and timeouts end the wait for it.

use crate::evaluation::{check_cancelled, host};
use crate::failure::{Answer, fail, raise};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::Read as _;
use std::os::fd::AsFd as _;
use thinking_step::Class;

/// So often is looked whether the step is to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// More than this is refused: standard input is kept in memory.
const MOST: usize = 256 << 20;

/// All that is left of standard input, as text.
pub(crate) fn read() -> Answer<String> {
    host()?.touch(Class::Observe, "sys::stdin").map_err(raise)?;
    let failed = |why: &dyn std::fmt::Display| fail(format!("standard input cannot be read: {why}"));
    let mut input = std::io::stdin().lock();
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        check_cancelled()?;
        // A closed or broken input is ready as well: reading it says so.
        let ready = poll(&mut [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN)], Some(&LOOK));
        match ready {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(failed(&error)),
        }
        match input.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
        if bytes.len() > MOST {
            return Err(fail("standard input is longer than 256 MiB: give it as a file, and read that line by line"));
        }
    }
    String::from_utf8(bytes).map_err(|_| fail("standard input is not UTF-8"))
}
