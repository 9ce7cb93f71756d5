//! From the outside, through the binary.
