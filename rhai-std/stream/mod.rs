//! Lists whose elements are made one after the other, when they are asked for.
//!
//! A script sees a list: whatever a list can do, a stream can, because it becomes one as soon as something needs all of it at once. `for`, and
//! the methods that look at one element after the other, never hold more than one.

mod forms;
mod methods;

pub(crate) use forms::{Native, accepting_streams, list_methods};
pub(crate) use methods::methods;

use crate::evaluation::{check_cancelled, check_memory};
use crate::failure::Answer;
use rhai::{Array, Dynamic, EvalAltResult};
use std::borrow::Cow;
use std::sync::Arc;

/// Elements, or the failure after which there are no more.
pub type Items = Box<dyn Iterator<Item = Result<Dynamic, Box<EvalAltResult>>>>;

/// Where the elements of a stream come from. Each time it is asked it starts over.
pub trait Source: Send + Sync {
    /// The elements, from the first on.
    fn items(self: Arc<Self>) -> Items;
    /// How many there are, where that is known without making them.
    ///
    /// # Errors
    /// More than an int can say.
    fn count(&self) -> Option<Answer<usize>> {
        None
    }
    /// Asks whether all of them may be held at once.
    ///
    /// # Errors
    /// They are too many.
    fn may_be_held(&self) -> Answer<()> {
        Ok(())
    }
}

/// A list that is not there yet.
#[derive(Clone)]
pub struct Stream {
    source: Arc<dyn Source>,
    /// The list, once an element was asked for by its place. Each copy of the value has its own, as lists have.
    list: Option<Array>,
}

impl Stream {
    /// A stream of that source, for a script.
    pub fn dynamic(source: impl Source + 'static) -> Dynamic {
        Dynamic::from(Self { source: Arc::new(source), list: None })
    }

    /// The elements, one after the other. After a failure there are none.
    pub fn items(&self) -> Items {
        if let Some(list) = &self.list {
            return Box::new(list.clone().into_iter().map(Ok));
        }
        let mut items = Some(Arc::clone(&self.source).items());
        Box::new(std::iter::from_fn(move || {
            let next = items.as_mut()?.next();
            if !matches!(next, Some(Ok(_))) {
                items = None;
            }
            next
        }))
    }

    /// How many elements there are, if that is known.
    pub fn count(&self) -> Option<Answer<usize>> {
        self.list.as_ref().map_or_else(|| self.source.count(), |list| Some(Ok(list.len())))
    }

    /// All elements as a list.
    ///
    /// # Errors
    /// What making one of them throws, or there are too many.
    pub fn list(&self) -> Answer<Array> {
        if let Some(list) = &self.list {
            return Ok(list.clone());
        }
        self.source.may_be_held()?;
        let mut list = Array::new();
        for item in self.items() {
            if list.len().is_multiple_of(4096) {
                check_memory()?;
                check_cancelled()?;
            }
            list.push(item?);
        }
        Ok(list)
    }

    /// The list itself, made now if it is not there yet.
    ///
    /// # Errors
    /// As [`Stream::list`].
    pub fn held(&mut self) -> Answer<&mut Array> {
        if self.list.is_none() {
            self.list = Some(self.list()?);
        }
        Ok(self.list.get_or_insert_with(Array::new))
    }
}

/// The list that a value is or stands for; `None` if it is none.
///
/// # Errors
/// As [`Stream::list`].
pub fn as_list(value: &Dynamic) -> Answer<Option<Array>> {
    value.read_lock::<Stream>().map(|stream| stream.list()).transpose()
}

/// The value with a list in the place of a stream.
///
/// # Errors
/// As [`Stream::list`].
pub fn settled(value: &Dynamic) -> Answer<Cow<'_, Dynamic>> {
    Ok(match as_list(value)? {
        Some(list) => Cow::Owned(Dynamic::from_array(list)),
        None => Cow::Borrowed(value),
    })
}

/// The value with lists in the places of all streams inside of it.
///
/// # Errors
/// As [`Stream::list`].
pub fn settled_within(value: &Dynamic) -> Answer<Cow<'_, Dynamic>> {
    Ok(if holds_stream(value) { Cow::Owned(with_lists(value)?) } else { Cow::Borrowed(value) })
}

fn holds_stream(value: &Dynamic) -> bool {
    value.read_lock::<Stream>().is_some()
        || value.as_array_ref().is_ok_and(|list| list.iter().any(holds_stream))
        || value.as_map_ref().is_ok_and(|map| map.values().any(holds_stream))
}

fn with_lists(value: &Dynamic) -> Answer<Dynamic> {
    if let Some(list) = as_list(value)? {
        return with_lists(&Dynamic::from_array(list));
    }
    if let Ok(list) = value.as_array_ref() {
        return Ok(Dynamic::from_array(list.iter().map(with_lists).collect::<Answer<_>>()?));
    }
    if let Ok(map) = value.as_map_ref() {
        let fields = map.iter().map(|(name, value)| Ok((name.clone(), with_lists(value)?)));
        return Ok(Dynamic::from_map(fields.collect::<Answer<_>>()?));
    }
    Ok(value.clone())
}
