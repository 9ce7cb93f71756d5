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
            (".gitignore", include_str!("templates/python/.gitignore")),
        ],
    },
];
