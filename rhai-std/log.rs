//! `log`.

use crate::evaluation::host;
use crate::failure::Answer;
use crate::namespace::Namespace;
use crate::stream::settled;
use rhai::Dynamic;
use thinking_step::{Class, LogLevel};

pub(crate) fn namespace() -> Namespace {
    let mut ns = Namespace::new("log");
    let levels = [
        ("trace", "trace(value)", "A line for following every detail.", LogLevel::Trace),
        ("debug", "debug(value)", "A line for finding a mistake.", LogLevel::Debug),
        ("info", "info(value)", "A line worth knowing.", LogLevel::Info),
        ("warn", "warn(value)", "A line that says what looks wrong.", LogLevel::Warn),
        ("error", "error(value)", "A line that says what is wrong.", LogLevel::Error),
    ];
    for (name, signature, doc, level) in levels {
        ns.function(name, Class::Pure, signature, doc, move |value: Dynamic| -> Answer<()> {
            host()?.log(level, &settled(&value)?.to_string());
            Ok(())
        });
    }
    ns
}
