//! What is said of expressions that are none.

use super::{chosen, shown};
use crate::select::{Dialect, Filter};
use thinking_diagnostic::SourceMap;

#[test]
fn mistakes() {
    let cases = [
        "",
        "  ",
        "tga(slow)",
        "owner(me)",
        "slow",
        "tag",
        "all",
        "all(x)",
        "tag()",
        "tag(slow",
        "tag(slow) &",
        "tag(slow) & | tag(net)",
        "tag(slow) tag(net)",
        "(tag(slow)",
        "tag(slow))",
        "path(/ab[/)",
        "path(/ab)",
        "path(\"ab)",
        "path(\"ab\" c)",
        "path(#[z-a])",
        "name(größe) & ñame(x)",
    ];
    let mut all = String::new();
    for text in cases {
        let mut sources = SourceMap::new();
        let wrong = Filter::parse(Dialect::Tests, text, &mut sources).unwrap_err();
        all.push_str(&shown(&[wrong], &sources));
        all.push('\n');
    }
    insta::assert_snapshot!(all, @r#"
    thinking::command-line

      × the filter is empty
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × the filter is empty
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × there is no predicate `tga`
       ╭─[-E:1:1]
     1 │ tga(slow)
       · ─┬─
       ·  ╰── unknown
       ╰────
      help: did you mean `tag`?

    thinking::command-line

      × there is no predicate `owner`
       ╭─[-E:1:1]
     1 │ owner(me)
       · ──┬──
       ·   ╰── unknown
       ╰────
      help: there are: tag, path, name, suite, facet, project, all, none

    thinking::command-line

      × `slow` is no condition
       ╭─[-E:1:1]
     1 │ slow
       · ──┬─
       ·   ╰── a word that stands alone
       ╰────
      help: did you mean tag(slow) or path(slow)? With --tag a word is a tag

    thinking::command-line

      × `tag` needs a pattern
       ╭─[-E:1:1]
     1 │ tag
       · ─┬─
       ·  ╰── of what?
       ╰────
      help: for instance: tag(slow)

    thinking::command-line

      × `all` is written with parentheses
       ╭─[-E:1:1]
     1 │ all
       · ─┬─
       ·  ╰── here
       ╰────
      help: write all()

    thinking::command-line

      × `all()` takes no pattern
       ╭─[-E:1:5]
     1 │ all(x)
       ·     ┬
       ·     ╰── surplus
       ╰────

    thinking::command-line

      × `tag` needs a pattern
       ╭─[-E:1:4]
     1 │ tag()
       ·    ─┬
       ·     ╰── nothing in it
       ╰────
      help: for instance: tag(slow)

    thinking::command-line

      × a `)` is missing
       ╭─[-E:1:4]
     1 │ tag(slow
       ·    ┬
       ·    ╰── opened here
       ╰────

    thinking::command-line

      × the filter ends where a condition should be
       ╭─[-E:1:11]
     1 │ tag(slow) &
       ·           ┬
       ·           ╰── what comes after this?
       ╰────
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × there should be a condition before this `|`
       ╭─[-E:1:13]
     1 │ tag(slow) & | tag(net)
       ·             ┬
       ·             ╰── here
       ╰────
      help: for instance: tag(slow) & !path(net)

    thinking::command-line

      × two conditions with nothing between them
       ╭─[-E:1:11]
     1 │ tag(slow) tag(net)
       ·           ─┬─
       ·            ╰── the second
       ╰────
      help: write `&` for both, `|` for either

    thinking::command-line

      × a `)` is missing
       ╭─[-E:1:1]
     1 │ (tag(slow)
       · ┬
       · ╰── opened here
       ╰────

    thinking::command-line

      × a `)` too many
       ╭─[-E:1:10]
     1 │ tag(slow))
       ·          ┬
       ·          ╰── nothing opens it
       ╰────

    thinking::command-line

      × `ab[` is no regular expression: unclosed character class
       ╭─[-E:1:7]
     1 │ path(/ab[/)
       ·       ──┬─
       ·         ╰── here
       ╰────

    thinking::command-line

      × the regular expression has no end
       ╭─[-E:1:6]
     1 │ path(/ab)
       ·      ┬
       ·      ╰── begins here
       ╰────
      help: it ends with another `/`

    thinking::command-line

      × the text has no end
       ╭─[-E:1:6]
     1 │ path("ab)
       ·      ┬
       ·      ╰── begins here
       ╰────
      help: it ends with another `"`

    thinking::command-line

      × the pattern has ended before this
       ╭─[-E:1:11]
     1 │ path("ab" c)
       ·           ┬
       ·           ╰── a `)` should be here
       ╰────

    thinking::command-line

      × `[z-a]` is no glob: invalid range; 'z' > 'a'
       ╭─[-E:1:7]
     1 │ path(#[z-a])
       ·       ──┬──
       ·         ╰── here
       ╰────

    thinking::command-line

      × there is no predicate `ñame`
       ╭─[-E:1:17]
     1 │ name(größe) & ñame(x)
       ·               ──┬─
       ·                 ╰── unknown
       ╰────
      help: did you mean `name`?
    "#);
    assert_eq!(chosen(Dialect::Tags, "slow &"), "the filter ends where a condition should be");
    assert_eq!(chosen(Dialect::Tags, "slow net"), "two conditions with nothing between them");
}

#[test]
fn nothing_makes_the_parser_fall() {
    let deep = ["!".repeat(100_000), "(".repeat(100_000), format!("{}tag(a){}", "(".repeat(50), ")".repeat(50))];
    assert_eq!(chosen(Dialect::Tests, &deep[0]), "the filter is nested too deeply");
    assert_eq!(chosen(Dialect::Tests, &deep[1]), "the filter is nested too deeply");
    assert_eq!(chosen(Dialect::Tests, &deep[2]), "");
    proptest::proptest!(|(text in "[tagnoe()!&|/\"\\\\=~#*\\- é\\[]{0,24}")| {
        for dialect in [Dialect::Tests, Dialect::Tags] {
            let mut sources = SourceMap::new();
            // Every place that is told of is one in the text.
            if let Err(wrong) = Filter::parse(dialect, &text, &mut sources) {
                proptest::prop_assert!(wrong.labels.iter().all(|label| label.span.end as usize <= text.len()));
                shown(&[wrong], &sources);
            }
        }
    });
}
