//! KDL text to a checked, resolved model.
