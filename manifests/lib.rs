//! The manifests that ship with the engine.
