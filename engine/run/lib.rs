//! Plan and store to events: a pure decision core, a dispatcher, executors.
