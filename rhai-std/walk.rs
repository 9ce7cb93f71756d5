//! Walking over a database page by page.

use crate::evaluation::{check_cancelled, check_memory};
use crate::failure::{Answer, raise};
use std::ops::ControlFlow;
use thinking_step::{Datum, Host};

/// Rows per page, once it is clear that there are many.
const PAGE: usize = 1000;
/// Rows of the first page: mostly there are few.
const FIRST: usize = 100;

/// Goes through the rows whose keys start with `prefix`, in the order of their bytes, after the key `after`. Keys are given without the prefix.
pub(crate) fn walk(
    host: &dyn Host,
    database: &str,
    prefix: &str,
    after: Option<&str>,
    mut each: impl FnMut(&str, Datum) -> Answer<ControlFlow<()>>,
) -> Answer<()> {
    let mut after = after.map(str::to_owned);
    let mut limit = FIRST;
    loop {
        let page = host.scan(database, prefix, after.as_deref(), limit).map_err(raise)?;
        let full = page.len() >= limit;
        after = page.last().map(|(key, _)| key.clone()).filter(|_| full);
        for (key, datum) in page {
            let rest = key.strip_prefix(prefix).unwrap_or(&key);
            if each(rest, datum)?.is_break() {
                return Ok(());
            }
        }
        if after.is_none() {
            return Ok(());
        }
        limit = PAGE;
        check_cancelled()?;
        check_memory()?;
    }
}
