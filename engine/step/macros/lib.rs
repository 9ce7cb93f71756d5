//! Marks Rust code as components, operations and steps. Use it through `thinking::prelude`: what the macros write names the crate `thinking`.
//!
//! Each macro has a file: what it understands of the code under it, and what it writes. What can be a function is one, in the crate `thinking-native`;
//! the macros only say which types and names go into it.

mod arguments;
mod component;
mod data;
mod operations;
mod options;
mod step;
mod text;

use proc_macro::TokenStream;

/// Makes a struct a component.
///
/// ```ignore
/// /// Splits text into words.
/// #[component("text.split", provides = Tokenizer)]
/// pub struct Split {
///     /// Whether case is dropped.
///     #[serde(default)]
///     lowercase: bool,
///     #[inject]
///     words: Kv,
///     #[state]
///     seen: State<Seen>,
/// }
/// ```
///
/// - The name is the struct's in kebab-case where none is given. `provides = [One, Other]` lists traits; `version = "2"` is raised when the same
///   configuration would now give something else.
/// - Fields are its configuration, in kebab-case in manifests, except for what `#[inject]` fills and what `#[state]` keeps.
/// - `Deserialize` and `JsonSchema` are derived; where they are listed, `#[derive]` stands below `#[component]`.
#[proc_macro_attribute]
pub fn component(options: TokenStream, item: TokenStream) -> TokenStream {
    component::expand(options.into(), item.into()).into()
}

/// Makes the methods of an `impl` block operations: each `pub fn` with `&self`, or each method with `&self` where it is a trait's.
///
/// Arguments are deserialized and results serialized. `#[operation(pure)]` says how one touches the world (`pure`, `state`, `observe`,
/// `effect`); of one that does not say so anything is expected.
#[proc_macro_attribute]
pub fn operations(options: TokenStream, item: TokenStream) -> TokenStream {
    operations::expand(options.into(), item.into()).into()
}

/// Makes a function a step: `call "vocab.build" min-count=5`.
///
/// ```ignore
/// /// Counts words.
/// #[step("vocab.build", class = "state")]
/// fn build(tokenizer: Inject<dyn Tokenizer>, words: Kv, #[arg(default = 5)] min_count: usize) -> Result<Summary> { … }
/// ```
///
/// Parameters marked `#[arg]` come from the manifest, all others are dependencies. Options: `class = "pure|state|observe|effect"` (`effect` where
/// nothing is said), `version = 2`, and `reads = ["from"]`, `writes = ["to"]` for arguments that name files.
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    step::expand(options.into(), item.into()).into()
}

/// Derives `Serialize`, `Deserialize` and `JsonSchema`, for what operations take and give and for what `State` keeps, without `serde` and
/// `schemars` among the crate's own dependencies.
#[proc_macro_attribute]
pub fn data(options: TokenStream, item: TokenStream) -> TokenStream {
    data::expand(options.into(), item.into()).into()
}
