//! A worker dies with the process that started it.

/// To be called first by a worker: the system kills it when the thread that started it ends, however that comes. Where the system cannot do that, a
/// worker still sees the end of its input.
///
/// # Errors
/// The system refuses.
pub fn end_with_parent() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}
