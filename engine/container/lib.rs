//! The components that exist, and the native ones that ship.
