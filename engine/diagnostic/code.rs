//! The codes of all mistakes, in one list.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// Which rule was broken. Shown with its full name (`thinking::unknown-node`); a code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $doc])+ $name),+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The full name, `thinking::…`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => concat!("thinking::", $text)),+ }
            }

            /// What the rule says, in a sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),+ }
            }

            /// The page about the rule, as written: `pages/<name>.md`. [`Page`](crate::Page) is the same in parts.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("pages/", $text, ".md"))),+ }
            }

            /// The name without `thinking::`.
            #[must_use]
            pub fn short(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

codes! {
    /// The text is not KDL.
    Syntax = "syntax";
    /// A file cannot be read.
    UnreadableFile = "unreadable-file";
    /// A node that nothing here understands.
    UnknownNode = "unknown-node";
    /// A property that the node does not have.
    UnknownProperty = "unknown-property";
    /// More arguments than the node takes.
    SurplusArgument = "surplus-argument";
    /// Something that the node needs is not there.
    Missing = "missing";
    /// Given twice.
    Duplicate = "duplicate";
    /// The value has the wrong type.
    WrongType = "wrong-type";
    /// The value has the right type but is not allowed.
    InvalidValue = "invalid-value";
    /// A name that cannot be one.
    InvalidName = "invalid-name";
    /// Type annotations mean nothing in a manifest.
    TypeAnnotation = "type-annotation";
    /// Part of the language that this version does not run yet.
    NotYet = "not-yet";
    /// An include that no file matches.
    IncludeNotFound = "include-not-found";
    /// A `use` of something that does not ship.
    UnknownUse = "unknown-use";
    /// A facet that nothing declares.
    UnknownFacet = "unknown-facet";
    /// Two facets of one group.
    FacetConflict = "facet-conflict";
    /// A `detect` that is neither true nor false.
    InvalidDetect = "invalid-detect";
    /// An overlay that does not say which node it means.
    AmbiguousOverlay = "ambiguous-overlay";
    /// A parameter that nothing declares.
    UnknownParam = "unknown-param";
    /// A parameter without a value.
    MissingParam = "missing-param";
    /// A parameter with a value of the wrong type or outside of its bounds.
    InvalidParam = "invalid-param";
    /// A pipeline that nothing declares.
    UnknownPipeline = "unknown-pipeline";
    /// A pipeline that runs itself.
    PipelineCycle = "pipeline-cycle";
    /// A task path that leads nowhere.
    UnknownTask = "unknown-task";
    /// A result that is not there at that place.
    UnknownResult = "unknown-result";
    /// A step without a body, or with two.
    StepBody = "step-body";
    /// An output that cannot be one.
    InvalidOutput = "invalid-output";
    /// A component or operation that nothing provides.
    UnknownComponent = "unknown-component";
    /// A dependency that nothing can be given to.
    MissingDependency = "missing-dependency";
    /// A dependency that several could be given to.
    AmbiguousDependency = "ambiguous-dependency";
    /// Components that need each other in a circle.
    WiringCycle = "wiring-cycle";
    /// A component that would keep another which does not live as long.
    ShorterLifetime = "shorter-lifetime";
    /// A binding that nothing uses.
    UnusedBinding = "unused-binding";
    /// State of a component that is not saved.
    ForgottenState = "forgotten-state";
    /// A lifecycle target that nothing declares.
    UnknownTarget = "unknown-target";
    /// Lifecycle targets that stand beside each other in a circle.
    TargetCycle = "target-cycle";
    /// A crate with components that cannot be built.
    CrateDoesNotBuild = "crate-does-not-build";
    /// Arguments that a component's operation does not take.
    InvalidArguments = "invalid-arguments";
    /// A name that hides another, or that scripts reserve.
    ReservedName = "reserved-name";
    /// A script that does not parse.
    ScriptSyntax = "script-syntax";
    /// A variable that nothing defines.
    UndefinedVariable = "undefined-variable";
    /// A function that does not exist with that many arguments.
    UndefinedFunction = "undefined-function";
    /// A write where data is read-only.
    ReadOnly = "read-only";
    /// A call that this place may not make.
    NotAllowedHere = "not-allowed-here";
    /// An access that the manifest does not permit.
    NotPermitted = "not-permitted";
    /// A template that is not closed.
    TemplateSyntax = "template-syntax";
    /// The manifest asks for another version of the program.
    VersionMismatch = "version-mismatch";
    /// The command line is wrong.
    CommandLine = "command-line";
    /// The recorded state cannot be used.
    State = "state";
    /// The state is in use by another process.
    StateInUse = "state-in-use";
    /// A step failed.
    StepFailed = "step-failed";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
