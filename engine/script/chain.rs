//! `a.b[c].d()` as a row of links.

use rhai::{ASTFlags, Expr};

/// One link of a chain.
pub enum Link<'a> {
    /// After a dot: a property or a method call.
    Dot(&'a Expr),
    /// Between brackets.
    Index(&'a Expr),
}

/// The start of a chain and its links; `None` if the expression is none. Rhai nests them to the right: `a.b.c` is `a.(b.c)`.
pub fn chain(expression: &Expr) -> Option<(&Expr, Vec<Link<'_>>)> {
    let (Expr::Dot(first, ..) | Expr::Index(first, ..)) = expression else { return None };
    let mut links = Vec::new();
    let mut current = expression;
    loop {
        let (pair, flags, dot) = match current {
            Expr::Dot(pair, flags, _) => (pair, flags, true),
            Expr::Index(pair, flags, _) => (pair, flags, false),
            _ => break,
        };
        let next = match &pair.rhs {
            next @ (Expr::Dot(inner, ..) | Expr::Index(inner, ..)) if !flags.contains(ASTFlags::BREAK) => {
                Some((next, &inner.lhs))
            }
            _ => None,
        };
        let element = next.map_or(&pair.rhs, |(_, element)| element);
        links.push(if dot { Link::Dot(element) } else { Link::Index(element) });
        match next {
            Some((next, _)) => current = next,
            None => break,
        }
    }
    Some((&first.lhs, links))
}
