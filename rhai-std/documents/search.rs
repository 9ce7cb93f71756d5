//! Finding documents: by index where one helps, else by looking at all of them.

use super::Documents;
use super::filter::{Field, Filter, Operator};
use super::order::sorted;
use super::{index, rows};
use crate::convert::from_value;
use crate::evaluation::{check_cancelled, check_memory};
use crate::failure::{Answer, fail, raise};
use crate::id::Id;
use crate::number::{count, kind};
use crate::walk::walk;
use rhai::{Array, Dynamic, INT};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use thinking_diagnostic::did_you_mean;
use thinking_step::{Host, StepError, Value};

/// Documents between two looks at whether to stop.
const STRIDE: usize = 1000;

/// How what is found is given.
#[derive(Debug, Default)]
pub(super) struct Options {
    sort: Option<Field>,
    descending: bool,
    limit: Option<usize>,
}

impl Options {
    /// Reads options.
    ///
    /// # Errors
    /// They are no map, one does not exist, or its value makes no sense.
    pub fn new(given: &Dynamic) -> Answer<Self> {
        const KNOWN: [&str; 3] = ["sort", "descending", "limit"];
        let Ok(map) = given.as_map_ref() else {
            return Err(fail(format!("options must be a map such as #{{ limit: 10 }}, not {}", kind(given))));
        };
        let mut options = Self::default();
        let wrong = |name: &str, wanted: &str, value: &Dynamic| {
            Err(fail(format!("the option `{name}` must be {wanted}, not {}", kind(value))))
        };
        for (name, value) in map.iter() {
            match name.as_str() {
                "sort" => match value.as_immutable_string_ref() {
                    Ok(field) => options.sort = Some(Field { name: field.to_string() }),
                    Err(_) => return wrong(name, "the name of a field", value),
                },
                "descending" => match value.as_bool() {
                    Ok(descending) => options.descending = descending,
                    Err(_) => return wrong(name, "true or false", value),
                },
                "limit" => match value.as_int() {
                    Ok(limit) => options.limit = Some(count(limit, "the option `limit`")?),
                    Err(_) => return wrong(name, "an int", value),
                },
                other => {
                    let error = StepError::script(format!("`find` has no option `{other}`"));
                    return Err(raise(error.help(match did_you_mean(other, KNOWN) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are: {}", KNOWN.join(", ")),
                    })));
                }
            }
        }
        Ok(options)
    }
}

/// One search.
pub(super) struct Search<'s> {
    database: &'s Documents,
    filter: &'s Filter,
    options: Options,
}

impl<'s> Search<'s> {
    pub fn new(database: &'s Documents, filter: &'s Filter, options: Options) -> Self {
        Self { database, filter, options }
    }

    /// What is found, in order.
    pub fn list(&self) -> Answer<Array> {
        let Options { sort, descending, limit } = &self.options;
        let in_order = sort.is_none() && !descending;
        let most = limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        if most == 0 {
            return Ok(Array::new());
        }
        self.each(|document| {
            found.push(document);
            let enough = in_order && found.len() >= most;
            Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        match sort {
            // They come by id, and sorting keeps equal ones as they are.
            Some(field) => found.sort_by(|one, other| {
                let order: Ordering = sorted(field.of(one), field.of(other));
                if *descending { order.reverse() } else { order }
            }),
            None if *descending => found.reverse(),
            None => {}
        }
        found.truncate(most);
        Ok(found.iter().map(from_value).collect())
    }

    /// How many are found.
    pub fn count(&self) -> Answer<INT> {
        let mut count = 0;
        self.each(|_| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    /// Every document that passes, by id.
    fn each(&self, mut visit: impl FnMut(Value) -> Answer<ControlFlow<()>>) -> Answer<()> {
        let host = crate::host()?;
        let name = &self.database.name;
        let Some(ids) = self.ids(&*host)? else {
            return walk(&*host, name, rows::DOCUMENT, None, |_, datum| {
                let document = rows::document(datum)?;
                if self.filter.matches(&document) { visit(document) } else { Ok(ControlFlow::Continue(())) }
            });
        };
        for (at, id) in ids.iter().enumerate() {
            if at % STRIDE == STRIDE - 1 {
                check_cancelled()?;
                check_memory()?;
            }
            if let Some(document) = rows::get(&*host, name, id)?
                && self.filter.matches(&document)
                && visit(document)?.is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// The ids to look at; `None`: all.
    fn ids(&self, host: &dyn Host) -> Answer<Option<BTreeSet<String>>> {
        let own = |test: &&super::filter::Test| test.operator == Operator::Eq && test.field.name == "id";
        if let Some(id) = self.filter.tests.iter().find(own).and_then(|test| Id::of(&test.operand)) {
            return Ok(Some(BTreeSet::from([id.key()])));
        }
        let Documents { name, index: declared } = self.database;
        if declared.is_empty() || self.filter.tests.is_empty() {
            return Ok(None);
        }
        // Only what is declared now and was when the documents were written.
        let Some(meta) = rows::meta(host, name)? else { return Ok(None) };
        let fields = declared.iter().filter(|field| meta.index.contains(*field)).map(String::as_str);
        match index::choose(self.filter, fields) {
            Some((field, look)) => index::find(host, name, field, &look).map(Some),
            None => Ok(None),
        }
    }
}
