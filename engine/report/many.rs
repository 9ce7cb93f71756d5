//! Several reporters at once.

use std::sync::Arc;
use thinking_event::{Event, Reporter};

/// Passes each event on to all of them, in their order.
pub struct Many(pub Vec<Arc<dyn Reporter>>);

impl Reporter for Many {
    fn event(&self, event: &Event) {
        self.0.iter().for_each(|reporter| reporter.event(event));
    }
    fn finish(&self) {
        self.0.iter().for_each(|reporter| reporter.finish());
    }
}
