//! What expressions mean.

use super::chosen;
use crate::select::Dialect;

#[test]
fn expressions() {
    let cases = [
        ("all()", "abcdef"),
        ("none()", ""),
        ("all ( )", "abcdef"),
        ("!none()", "abcdef"),
        // Patterns
        ("tag(slow)", "cd"),
        ("tag(=slow)", "cd"),
        ("tag(~slow)", "cde"),
        ("tag(*slow)", "cde"),
        ("tag(net*)", "de"),
        ("tag(#{slow,table})", "bcd"),
        ("tag(/^(slow|net)$/)", "cd"),
        ("path(rows)", "bc"),
        ("path(=trains)", "f"),
        ("path(=train)", ""),
        ("path(rows[2])", "c"),
        ("path(*rows[*])", "bc"),
        ("path(#*rows[12])", ""),
        ("path(#*rows\\[[12]\\])", "bc"),
        (r"path(#*rows\[?\])", "bc"),
        (r"name(#asks \(twice\))", "d"),
        ("path(/rows\\[\\d\\]$/)", "bc"),
        ("path(net/client)", "de"),
        (r"path(/client\/asks/)", "d"),
        ("name(what now?)", "e"),
        ("name(  now  )", "e"),
        ("name(\" \")", "ade"),
        ("name(asks (twice))", "d"),
        (r"name(\(twice)", "d"),
        ("name(=\"asks (twice)\")", "d"),
        ("suite(client)", "de"),
        ("suite(=net)", "de"),
        ("suite(=net/client)", "de"),
        ("suite(=client/net)", ""),
        ("facet(gpu)", "df"),
        ("facet(g)", ""),
        ("project(far)", "de"),
        ("project(=app.kdl)", "abcf"),
        // Operators
        ("tag(slow) & !path(net)", "c"),
        ("tag(slow) - path(net)", "c"),
        ("tag(slow)&&not path(net)", "c"),
        ("tag(slow) and not (path(net) or facet(big))", "c"),
        ("tag(table) | tag(slow) & tag(net)", "bcd"),
        ("(tag(table) | tag(slow)) & tag(net)", "d"),
        ("tag(table) || facet(gpu) or name(splits)", "abcdf"),
        ("!!tag(slow)", "cd"),
        ("! tag(slow) & tag(unit)", "ab"),
        ("all() - tag(slow) - tag(unit)", "ef"),
    ];
    for (text, expected) in cases {
        assert_eq!(chosen(Dialect::Tests, text), expected, "{text}");
    }
}

#[test]
fn words_are_tags() {
    let cases = [
        ("slow", "cd"),
        ("slow & !net", "c"),
        ("slow -net", "c"),
        ("net-slow", "e"),
        ("*slow", "cde"),
        ("~slow", "cde"),
        ("/^net/ | \"table\"", "bcde"),
        ("not slow and (unit or facet(big))", "abf"),
        ("tag(slow)", "cd"),
    ];
    for (text, expected) in cases {
        assert_eq!(chosen(Dialect::Tags, text), expected, "{text}");
    }
}
