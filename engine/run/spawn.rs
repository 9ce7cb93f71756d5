//! Starting programs so that they die with this process, however it ends.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};

type Order = (Command, SyncSender<io::Result<Child>>);

/// Starts a program that is killed by the system when this process is gone, also if that was killed itself.
///
/// # Errors
/// It cannot be started.
pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    die_with_parent(&mut command);
    // The system counts the thread that started a program as its parent, so that must be one that stays to the end.
    static STARTER: OnceLock<Option<Mutex<Sender<Order>>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = channel::<Order>();
        let start = move || {
            for (mut command, answer) in orders {
                // Whoever asked may be gone.
                let _ = answer.send(command.spawn());
            }
        };
        let thread = std::thread::Builder::new().name("starter".to_owned()).spawn(start);
        thread.ok().map(|_| Mutex::new(sender))
    });
    let Some(starter) = starter else { return command.spawn() };
    let (sender, answer) = sync_channel(1);
    let lost = || io::Error::other("the thread that starts programs is gone");
    starter.lock().unwrap_or_else(PoisonError::into_inner).send((command, sender)).map_err(|_| lost())?;
    answer.recv().map_err(|_| lost())?
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // It may have gone before it was told.
        if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec only two system calls are made; nothing is allocated or locked.
    unsafe { command.pre_exec(prepare) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
