//! Events to console lines and logs.
