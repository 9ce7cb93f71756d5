//! Scalars: words, durations, code, and what may be a template instead.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;
use std::borrow::Cow;
use thinking_diagnostic::Spanned;

/// Matches every string that holds a template.
pub(crate) const TEMPLATE: &str = r"\$\{";

/// Rhai code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(pub Spanned<String>);

impl JsonSchema for Code {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-kdl-code": true })
    }
}

/// A value of type `T`, or a template that gives one when it is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub enum Templated<T> {
    /// The value itself.
    Value(Spanned<T>),
    /// A string with `${…}` in it.
    Template(Spanned<String>),
}

impl<T> Templated<T> {
    /// Where it is written.
    #[must_use]
    pub fn span(&self) -> Option<thinking_diagnostic::Span> {
        match self {
            Self::Value(value) => value.span,
            Self::Template(template) => template.span,
        }
    }
}

impl<T: Serialize> Serialize for Templated<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Template(template) => template.serialize(serializer),
        }
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Templated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, span } = Spanned::<Value>::deserialize(deserializer)?;
        if let Value::String(text) = &value
            && text.contains("${")
        {
            return Ok(Self::Template(Spanned { value: text.clone(), span }));
        }
        let value = T::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self::Value(Spanned { value, span }))
    }
}

impl<T: JsonSchema> JsonSchema for Templated<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Templated{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let words = schema.remove("enum");
        let own = schema.remove("pattern").and_then(|pattern| pattern.as_str().map(str::to_owned));
        let kind = schema.remove("type").unwrap_or(Value::Null);
        let pattern = match (&words, own) {
            (Some(Value::Array(words)), _) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                format!("^({})$|{TEMPLATE}", words.join("|"))
            }
            (_, Some(own)) => format!("{own}|{TEMPLATE}"),
            // Numbers and booleans: a string must be a template.
            _ => TEMPLATE.to_owned(),
        };
        if let Some(words) = words {
            schema.insert("x-values".to_owned(), words);
        }
        let kind = if kind == "string" { kind } else { serde_json::json!([kind, "string"]) };
        schema.insert("type".to_owned(), kind);
        schema.insert("pattern".to_owned(), pattern.into());
        schema.remove("format");
        schema
    }
}

/// A duration: `"250ms" "30s" "5m" "2h" "1d"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DurationText(pub String);

impl JsonSchema for DurationText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$", "x-what": "a duration such as \"30s\", \"5m\" or \"2h\"" })
    }
}

/// A size: `"512" "64MiB" "8GB"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SizeText(pub String);

impl JsonSchema for SizeText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$", "x-what": "a size such as \"64MiB\" or \"8GB\"" })
    }
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[doc = $word_doc])+ #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word as written.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),+] })
            }
        }
    )+};
}
pub(crate) use words;

words! {
    /// What a failure does.
    OnErrorWord {
        /// Fails what is around it.
        Fail = "fail",
        /// The run goes on.
        Skip = "skip",
    }
    /// How pauses between tries grow.
    BackoffWord {
        /// Always the same.
        Fixed = "fixed",
        /// By `initial` each time.
        Linear = "linear",
        /// Doubles each time.
        Exponential = "exponential",
    }
    /// What to make of standard output.
    StdoutWord {
        /// One string.
        Text = "text",
        /// A list of lines.
        Lines = "lines",
        /// Parsed.
        Json = "json",
    }
}
