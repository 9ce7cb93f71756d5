//! One of several machines that share the tests.

use std::fmt;
use std::str::FromStr;
use thinking_event::testing::TestInfo;

/// `--shard 1/4`: of the tests in the order of project and path, every fourth, beginning with the first.
///
/// All machines must agree, so neither recorded durations nor recorded outcomes play a part: only which tests there are and which the filters
/// select. Neighbours in that order, which are often of one suite and alike, go to different machines, and no machine gets more than one test more than
/// another (with a hash of the path a small suite may leave a machine with nothing). A new test moves others to another machine, which does no
/// harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Those of `selected` that are of this machine, ascending.
    pub(super) fn part(self, tests: &[TestInfo], selected: Vec<usize>) -> Vec<usize> {
        let key = |number: &usize| tests.get(*number).map(|test| (test.project.clone(), test.path(), *number));
        let mut sorted = selected;
        sorted.sort_by_cached_key(key);
        let mut part: Vec<usize> = sorted.into_iter().skip(self.number - 1).step_by(self.of).collect();
        part.sort_unstable();
        part
    }
}

impl FromStr for Shard {
    type Err = String;

    /// `1/4`; the error is a sentence for people.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not of the form K/N, such as 1/4 on the first of four machines");
        let (number, of) = text.split_once('/').ok_or_else(form)?;
        let parse = |word: &str| word.trim().parse::<usize>().map_err(|_| form());
        let (number, of) = (parse(number)?, parse(of)?);
        if number == 0 || number > of {
            return Err(format!("`{text}`: machines are counted from 1 to N, so K is one of these"));
        }
        Ok(Self { number, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}
