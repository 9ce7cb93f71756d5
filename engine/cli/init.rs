//! `thinking init`
