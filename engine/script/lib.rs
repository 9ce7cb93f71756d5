//! Rhai behind the step seam.
