//! The store on LMDB.
