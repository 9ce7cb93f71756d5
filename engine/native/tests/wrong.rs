//! Wrong uses: what the compiler says. `TRYBUILD=overwrite` writes it anew.

#[test]
#[ignore = "not yet"]
fn wrong_uses_are_told_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
