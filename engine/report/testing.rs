//! What the tests of this room share.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thinking_diagnostic::{SourceMap, Span};
use thinking_event::TaskRef;

/// A writer that keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<(Vec<u8>, usize)>>);

impl Paper {
    fn lock(&self) -> MutexGuard<'_, (Vec<u8>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lock().0.clone()).expect("reporters write text")
    }

    pub(crate) fn writes(&self) -> usize {
        self.lock().1
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        state.0.extend_from_slice(bytes);
        state.1 += 1;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) const MANIFEST: &str = r#"project "words"
pipeline "train" {
    stage "fit" {
        step "train" { rhai "1 / 0" }
        step "export" { exec "python3" "export.py" }
    }
}
"#;

/// A task written nowhere.
pub(crate) fn task(path: &str) -> TaskRef {
    TaskRef { path: path.into(), span: None }
}

/// The manifest, and the place of some of its words.
pub(crate) fn manifest(words: &str) -> (Arc<SourceMap>, Span) {
    let mut sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", MANIFEST);
    let start = MANIFEST.find(words).expect("words of the manifest");
    (Arc::new(sources), Span::new(id, start, start + words.len()))
}
