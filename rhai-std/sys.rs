//! `sys`: the machine.

use crate::evaluation::host;
use crate::failure::{Answer, fail, raise};
use crate::namespace::Namespace;
use rhai::{Dynamic, INT, ImmutableString};
use std::fs;
use thinking_step::{Access, Class};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("sys");
    // What the machine is like may be asked everywhere: facets are detected by it.
    ns.function("cpus", Class::Pure, "cpus() -> int", "How many processors may be used.", || -> INT {
        std::thread::available_parallelism().map_or(1, |many| INT::try_from(many.get()).unwrap_or(INT::MAX))
    })
    .volatile();
    ns.function("gpus", Class::Pure, "gpus() -> int", "How many NVIDIA devices there are.", gpus).volatile();
    ns.function("memory", Class::Pure, "memory() -> int", "Main memory in bytes; 0 if not known.", memory).volatile();
    ns.function("hostname", Class::Pure, "hostname() -> string", "The machine's name.", || -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    })
    .volatile();
    ns.function(
        "env",
        Class::Observe,
        "env(name)",
        "An environment variable, `()` if it is not set. `permissions { env … }` must list it.",
        |name: ImmutableString| env(&name),
    )
    .volatile()
    .names_env(0);
    ns.function(
        "stdin",
        Class::Observe,
        "stdin() -> string",
        "All of standard input as text, once: what was read is gone. A step keeps it by giving it as its result.",
        crate::stdin::read,
    )
    .volatile();
    ns
}

fn gpus() -> INT {
    let Ok(devices) = fs::read_dir("/dev") else { return 0 };
    let found = devices.flatten().filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .strip_prefix("nvidia")
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    INT::try_from(found.count()).unwrap_or(INT::MAX)
}

/// Main memory in bytes; 0 if not known.
pub fn memory() -> INT {
    let Ok(about) = fs::read_to_string("/proc/meminfo") else { return 0 };
    let total = about.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().strip_suffix("kB")).and_then(|kib| kib.trim().parse::<INT>().ok());
    kib.map_or(0, |kib| kib.saturating_mul(1024))
}

fn env(name: &str) -> Answer<Dynamic> {
    let host = host()?;
    host.permit(Access::Env(name)).map_err(raise)?;
    host.touch(Class::Observe, "sys::env").map_err(raise)?;
    let value = match std::env::var(name) {
        Ok(value) => Some(value),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(_)) => {
            return Err(fail(format!("the environment variable `{name}` is not UTF-8 text")));
        }
    };
    host.saw_env(name, value.as_deref());
    Ok(value.map_or(Dynamic::UNIT, Into::into))
}
