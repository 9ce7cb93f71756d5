//! Runs long programs step by step and never loses a finished step.
