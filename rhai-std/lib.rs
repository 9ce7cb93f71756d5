//! The script library: one file per namespace.
