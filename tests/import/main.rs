//! What an upload promises, on files as people make them and on files made to do harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chunks;
mod damage;
mod drive;
mod expiries;
mod forms;
mod hostile;
mod preview;
mod rejected;
mod rows;
mod sheets;
