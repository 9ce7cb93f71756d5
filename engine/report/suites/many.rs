//! Several reporters at once.

use thinking_event::testing::{TestEvent, TestReporter};

/// Passes each event on to all of them, in their order. Whatever one of them cannot write, the others write theirs.
pub struct ManyTests(pub Vec<Box<dyn TestReporter>>);

impl TestReporter for ManyTests {
    fn event(&mut self, event: &TestEvent) {
        self.0.iter_mut().for_each(|reporter| reporter.event(event));
    }

    fn tick(&mut self) {
        self.0.iter_mut().for_each(|reporter| reporter.tick());
    }

    /// The messages of all that failed, a line each.
    fn finish(&mut self) -> Result<(), String> {
        let wrong: Vec<String> = self.0.iter_mut().filter_map(|reporter| reporter.finish().err()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

#[cfg(test)]
mod tests {
    use super::ManyTests;
    use crate::suites::{JunitForm, ReportTarget, TestAnnotations, TestHtml, TestJunit, sample};
    use crate::testing::Paper;
    use thinking_event::testing::TestReporter;

    #[test]
    fn one_that_cannot_write_keeps_no_other_from_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let paper = Paper::default();
        let taken = || ReportTarget::Path(folder.path().to_path_buf());
        let mut many = ManyTests(vec![
            Box::new(TestJunit::new(taken(), JunitForm::Strict)),
            Box::new(TestHtml::new(taken())),
            Box::new(TestAnnotations::new(ReportTarget::Writer(Box::new(paper.clone())))),
        ]);
        sample::events().iter().for_each(|event| many.event(event));
        many.tick();
        let wrong = many.finish().expect_err("a folder is no file");
        let begins: Vec<&str> = wrong.lines().map(|line| line.split(" cannot").next().unwrap_or_default()).collect();
        assert_eq!(begins, ["the JUnit report", "the HTML report"], "{wrong}");
        assert!(paper.text().starts_with("::error "));
    }
}
