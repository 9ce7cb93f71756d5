//! Projects to begin with, for `thinking init`. Their files lie in `templates/NAME/` as they are written.

/// A project to begin with.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its files: path in the project, with `/`, and text.
    pub files: &'static [(&'static str, &'static str)],
}

/// What the project is called in the templates.
pub const PLACEHOLDER: &str = "my-project";

/// How a crate in the templates depends on the program's own library: the line stands for one that holds on the machine.
pub const DEPENDENCY: &str = "thinking = \"0.1\"\n";

/// All templates, the usual one first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "script",
        about: "scripts only: a table is read, summed up and told; nothing else is needed",
        files: &[
            ("pipeline.kdl", include_str!("templates/script/pipeline.kdl")),
            ("scripts/read.rhai", include_str!("templates/script/scripts/read.rhai")),
            ("scripts/write.rhai", include_str!("templates/script/scripts/write.rhai")),
            ("data/expenses.csv", include_str!("templates/script/data/expenses.csv")),
            ("tests/report.kdl", include_str!("templates/script/tests/report.kdl")),
            ("tests/two-months.csv", include_str!("templates/script/tests/two-months.csv")),
            (".gitignore", include_str!("templates/script/.gitignore")),
        ],
    },
    Template {
        name: "python",
        about: "with Python programs (standard library only) that can be stopped at any moment and go on",
        files: &[
            ("pipeline.kdl", include_str!("templates/python/pipeline.kdl")),
            ("programs/split.py", include_str!("templates/python/programs/split.py")),
            ("programs/report.py", include_str!("templates/python/programs/report.py")),
            ("data/numbers.txt", include_str!("templates/python/data/numbers.txt")),
            ("tests/factor.kdl", include_str!("templates/python/tests/factor.kdl")),
            (".gitignore", include_str!("templates/python/.gitignore")),
        ],
    },
    Template {
        name: "rust",
        about: "with a Rust crate: a component, its configuration, and a step; the crate is built by itself",
        files: &[
            ("pipeline.kdl", include_str!("templates/rust/pipeline.kdl")),
            ("components/Cargo.toml", include_str!("templates/rust/components/Cargo.toml")),
            ("components/src/lib.rs", include_str!("templates/rust/components/src/lib.rs")),
            ("data/text.txt", include_str!("templates/rust/data/text.txt")),
            ("tests/count.kdl", include_str!("templates/rust/tests/count.kdl")),
            (".gitignore", include_str!("templates/rust/.gitignore")),
        ],
    },
];
