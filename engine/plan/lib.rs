//! Model to plan: the task tree and its wiring.
