//! A component written in Rust, by hand: what the macros would write.

use std::sync::Arc;
use thinking_step::{
    About, Answer, Arguments, Class, Component, ComponentType, Creation, ErrorKind, Host, Operation, Origin, Parameter,
    StepError, Value, argument,
};

/// `text.split`.
pub struct Tokenizer {
    about: About,
}

/// Name, parameters (those with `?` may be left out), what it gives, class; `None`: not declared.
const OPERATIONS: &[(&str, &str, &str, Option<Class>)] = &[
    ("split", "text", "Vec<String>", Some(Class::Pure)),
    ("join_up", "words separator?", "String", Some(Class::State)),
    ("learn", "text", "", None),
    ("publish", "text", "", Some(Class::Effect)),
    ("look", "", "u64", Some(Class::Observe)),
    ("echo", "value", "Value", Some(Class::Pure)),
    ("sum", "numbers", "f64", Some(Class::Pure)),
    ("halves", "count", "Vec<f32>", Some(Class::Pure)),
    ("raw", "bytes", "ByteBuf", Some(Class::Pure)),
    ("large", "", "u64", Some(Class::Pure)),
    ("fail", "", "", Some(Class::Pure)),
    ("explode", "", "", Some(Class::Pure)),
];

pub fn about() -> About {
    let operations = OPERATIONS.iter().map(|(name, parameters, returns, class)| Operation {
        name: (*name).to_owned(),
        doc: String::new(),
        parameters: parameters
            .split_whitespace()
            .map(|name| Parameter {
                name: name.trim_end_matches('?').to_owned(),
                schema: Value::Bool(true),
                optional: name.ends_with('?'),
            })
            .collect(),
        returns: (*returns).to_owned(),
        class: class.unwrap_or(Class::Effect),
        declared: class.is_some(),
        origin: Origin::Engine,
    });
    About {
        name: "text.split".to_owned(),
        doc: String::new(),
        version: String::new(),
        provides: Vec::new(),
        rust: Some(std::any::TypeId::of::<Tokenizer>()),
        config: serde_json::json!({ "type": "object" }),
        needs: Vec::new(),
        operations: operations.collect(),
        persistent: Vec::new(),
        definition: (String::new(), Vec::new()),
        origin: Origin::Engine,
    }
}

/// One, with its kind.
pub fn tokenizer() -> (Arc<dyn Component>, Arc<dyn ComponentType>) {
    let one = Arc::new(Tokenizer { about: about() });
    (Arc::clone(&one) as Arc<dyn Component>, one)
}

impl ComponentType for Tokenizer {
    fn about(&self) -> &About {
        &self.about
    }
    fn create(&self, _: Creation<'_>) -> Result<Arc<dyn Component>, StepError> {
        Ok(tokenizer().0)
    }
}

/// Bytes as serde knows them.
struct Raw(Vec<u8>);

impl serde::Serialize for Raw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl Component for Tokenizer {
    fn call(&self, operation: usize, given: &mut dyn Arguments, host: &Arc<dyn Host>) -> Result<Answer, StepError> {
        let name = OPERATIONS[operation].0;
        let missing = |parameter: &str| StepError::new(ErrorKind::Native, format!("`{parameter}` is missing"));
        let text = |given: &mut dyn Arguments| -> Result<String, StepError> {
            argument(given, 0, "text", name)?.ok_or_else(|| missing("text"))
        };
        Ok(match name {
            "split" => Box::new(text(given)?.split_whitespace().map(str::to_owned).collect::<Vec<_>>()),
            "join_up" => {
                let words: Vec<String> = argument(given, 0, "words", name)?.ok_or_else(|| missing("words"))?;
                Box::new(words.join(&argument::<String>(given, 1, "separator", name)?.unwrap_or(" ".to_owned())))
            }
            "learn" | "publish" => {
                host.log(thinking_step::LogLevel::Info, &text(given)?);
                Box::new(())
            }
            "look" => Box::new(7_u64),
            "echo" => Box::new(argument::<Value>(given, 0, "value", name)?),
            "sum" => Box::new(argument::<Vec<f32>>(given, 0, "numbers", name)?.unwrap_or_default().iter().sum::<f32>()),
            "halves" => {
                let count: usize = argument(given, 0, "count", name)?.unwrap_or(0);
                Box::new((0..count).map(|at| at as f32 / 2.0).collect::<Vec<f32>>())
            }
            "raw" => Box::new(Raw(argument::<Vec<u8>>(given, 0, "bytes", name)?.unwrap_or_default())),
            "large" => Box::new(u64::MAX),
            "fail" => {
                let error = StepError::new(ErrorKind::Http, "the server is away").help("try later");
                return Err(error.details(["because".to_owned()]));
            }
            _ => panic!("the words ran out"),
        })
    }
}
