//! The components and steps under test.

use std::collections::BTreeMap;
use thinking::prelude::*;

pub trait Tokenizer: Send + Sync {
    fn split(&self, text: &str) -> Vec<String>;
}

pub trait Counter: Send + Sync {
    fn count(&self) -> Result<u64>;
}

#[data]
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Seen {
    pub words: BTreeMap<String, u64>,
}

/// Splits text into words.
///
/// This is a second paragraph.
#[component("text.split", provides = [Tokenizer, Counter], version = "2")]
pub struct Split {
    /// Whether case is dropped.
    #[serde(default)]
    lower_case: bool,
    /// What stands between words.
    #[serde(default = "blank")]
    separator: String,
    #[inject]
    words: Option<Kv>,
    #[state]
    seen: State<Seen>,
}

fn blank() -> String {
    " ".to_owned()
}

#[operations]
impl Split {
    /// Splits a text.
    #[operation(pure)]
    pub fn split(
        &self,
        /// What to split.
        text: &str,
    ) -> Vec<String> {
        let text = if self.lower_case { text.to_lowercase() } else { text.to_owned() };
        text.split(&self.separator).map(str::to_owned).collect()
    }

    /// Notes the words of a text, and gives how many different ones there are.
    #[operation(state)]
    pub fn learn(&self, text: String, times: Option<u64>) -> Result<usize> {
        let mut seen = self.seen.write()?;
        for word in self.split(&text) {
            *seen.words.entry(word).or_default() += times.unwrap_or(1);
        }
        Ok(seen.words.len())
    }

    pub fn seen(&self) -> Result<Seen, StepError> {
        Ok(self.seen.read()?.clone())
    }

    pub fn twice(&self) -> Result<()> {
        let _reading = self.seen.read()?;
        let _also = self.seen.read()?;
        self.seen.write()?;
        Ok(())
    }

    pub fn forget_all(&self) -> Result<()> {
        let mut seen = self.seen.write()?;
        seen.words.clear();
        self.seen.read()?;
        Ok(())
    }

    pub fn separator(&self) -> &str {
        &self.separator
    }

    pub fn remember(&self, word: &str) -> Result<()> {
        let words = self.words.as_ref().context("there is no database")?;
        words.put(word, &1)?;
        Ok(())
    }

    pub fn shutdown(&self, outcome: Outcome) -> String {
        format!("{outcome:?}")
    }

    #[allow(dead_code, reason = "what has no `&self` is no operation")]
    pub fn new_text() -> String {
        String::new()
    }

    fn _private(&self) {}
}

impl Tokenizer for Split {
    fn split(&self, text: &str) -> Vec<String> {
        Split::split(self, text)
    }
}

#[operations]
impl Counter for Split {
    /// Counts what was learned.
    fn count(&self) -> Result<u64> {
        Ok(self.seen.read()?.words.values().sum())
    }
}

/// Gives each letter.
#[component(provides = Tokenizer)]
pub struct EachLetter;

impl Tokenizer for EachLetter {
    fn split(&self, text: &str) -> Vec<String> {
        text.chars().map(|letter| letter.to_string()).collect()
    }
}

#[data]
pub struct Options {
    pub scale: f32,
    #[serde(default)]
    pub names: Vec<String>,
}

/// Uses all that there is.
#[component]
#[derive(Default)]
pub struct Everything {
    #[inject]
    all: Vec<Inject<dyn Tokenizer>>,
    #[inject]
    letters: Option<Inject<EachLetter>>,
    #[inject]
    #[serde(skip)]
    params: Params,
    #[inject]
    facets: Facets,
    #[inject]
    run: Run,
}

#[operations]
impl Everything {
    pub fn names(&self) -> Vec<String> {
        self.all.iter().map(|one| one.binding().to_owned()).collect()
    }

    pub fn first_of_each(&self, text: &str) -> Vec<String> {
        self.all.iter().filter_map(|one| one.split(text).into_iter().next()).collect()
    }

    pub fn has_letters(&self) -> bool {
        self.letters.is_some()
    }

    pub fn surroundings(&self) -> Result<Value> {
        let epochs: u32 = self.params.get("epochs")?;
        let none: Option<u32> = self.params.get("none")?;
        log::info(format_args!("run {}", self.run.id()?));
        Ok(json!({ "epochs": epochs, "none": none, "gpu": self.facets.has("gpu")?, "started": self.run.started()? }))
    }

    pub fn unknown_parameter(&self) -> Result<u32> {
        Ok(self.params.get("epoch")?)
    }

    pub fn scaled(&self, numbers: &[f32], options: Options) -> Vec<f32> {
        numbers.iter().map(|number| number * options.scale).collect()
    }

    pub fn reversed(&self, bytes: Blob) -> Blob {
        Blob(bytes.iter().rev().copied().collect())
    }

    pub fn or_nobody(&self, name: Option<&str>) -> String {
        name.unwrap_or("nobody").to_owned()
    }

    pub fn fail(&self) -> Result<()> {
        let error = std::io::Error::other("the disk is full");
        Err(error).context("cannot write `a`").context("cannot save")
    }

    pub fn refuse(&self) -> Result<()> {
        let refused = StepError::new(ErrorKind::Permission, "not permitted").help("permit it");
        Err(refused).context("cannot begin")
    }

    pub fn plain_refusal(&self) -> Result<(), StepError> {
        Err(StepError::new(ErrorKind::Timeout, "too late").help("be quick"))
    }

    pub fn panic(&self) {
        panic!("oh {}", 1);
    }

    pub fn on_another_thread(&self) -> Result<()> {
        std::thread::scope(|scope| scope.spawn(|| self.params.names()).join().expect("it ends"))?;
        Ok(())
    }

    pub fn on_another_thread_with_its_world(&self) -> Result<Vec<String>> {
        let world = here::world()?;
        Ok(std::thread::scope(|scope| scope.spawn(|| world.enter(|| self.params.names())).join().expect("it ends"))?)
    }
}

#[derive(Serialize)]
pub struct Summary {
    pub words: usize,
    pub text: String,
}

/// Builds a vocabulary.
#[step("vocab.build", class = "state", version = 3, reads = "from")]
fn build(
    tokenizer: Inject<dyn Tokenizer>,
    words: Kv,
    /// A file.
    #[arg]
    from: &str,
    #[arg(default = 2)] min_count: usize,
    #[arg(default = "x")] mark: String,
    #[arg] limit: Option<usize>,
) -> Result<Summary> {
    ensure!(!from.is_empty(), "there is no text");
    for word in tokenizer.split(from) {
        let count: usize = words.get(&word)?.unwrap_or(0);
        words.put(&word, &(count + 1))?;
    }
    let rows = words.scan("")?;
    let kept = rows.iter().filter(|(_, count)| count.as_u64() >= Some(min_count as u64)).take(limit.unwrap_or(99));
    Ok(Summary { words: kept.count(), text: format!("{mark}{}", words.keys()?.join(",")) })
}

#[step]
fn do_nothing() {}

#[step("fall.over")]
fn fall_over(#[arg] at: Option<u32>) -> Result<()> {
    let numbers = [1, 2];
    let _ = numbers[at.unwrap_or(7) as usize];
    bail!("it did not fall")
}
